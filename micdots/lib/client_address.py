"""Which address a request came from, when proxies stand in between.

Anybody can send ``X-Forwarded-For``. It is believed only from the networks of ``settings.TRUSTED_PROXIES``, and only
as far as each hop, read from the right, is a trusted proxy itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")


@lru_cache(maxsize=8)
def networks(cidrs: Sequence[str]) -> tuple[Network, ...]:
    """The networks of ``TRUSTED_PROXIES``; raises ``ValueError`` for what is none."""
    return tuple(ipaddress.ip_network(cidr.strip()) for cidr in cidrs)


def _parse(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):  # [2001:db8::1]:443
        text = text[1:].split("]", 1)[0]
    elif text.count(":") == 1:  # 192.0.2.1:443
        text = text.split(":", 1)[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address | None) -> bool:
    return address is not None and any(address in network for network in networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(request: HttpRequest) -> str:
    """The visitor's address, or ``""`` where the server does not know one (a Unix socket)."""
    return address_in(request.META)


def address_in(environ: Mapping[str, Any]) -> str:
    """As :func:`client_address`, of a request that Django has not seen."""
    address = _parse(environ.get("REMOTE_ADDR", ""))
    hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if settings.TRUSTED_PROXIES else []
    while hops and _is_trusted(address):
        before = _parse(hops.pop())
        if before is None:
            break
        address = before
    return str(address) if address else ""


def address_group(request: HttpRequest) -> str:
    """What limits count by: the address, of IPv6 its /64, which a single household has all of."""
    text = client_address(request)
    if ":" in text:
        return str(ipaddress.ip_network(f"{text.split('%', 1)[0]}/64", strict=False))
    return text


def is_behind_trusted_proxy(environ: Mapping[str, Any]) -> bool:
    """Whether what the request says in ``X-Forwarded-…`` may be believed."""
    return bool(settings.TRUSTED_PROXIES) and _is_trusted(_parse(environ.get("REMOTE_ADDR", "")))


class ForwardedHeadersMiddleware:
    """Forgets ``X-Forwarded-…`` from anybody but a trusted proxy, so that no later code can believe a visitor's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_behind_trusted_proxy(request.META):
            for name in _FORWARDED:
                request.META.pop(name, None)
        return self.get_response(request)
