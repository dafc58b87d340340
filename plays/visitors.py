"""Telling visitors apart within a day, and only within it, without knowing who they are.

A visitor is a keyed hash over dot, truncated address and browser. The key is the day's random salt: with it gone (the
next day, by :func:`plays.services.tidy`) nobody can say any more which hash belongs to which address, and the
hashes of two days, or of two dots, have nothing in common.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from datetime import date

from django.http import HttpRequest
from django.utils import timezone

from micdots.lib.client_address import client_address
from plays.counting import user_agent
from plays.models import DailySalt

SALT_BYTES = 32


def truncated_address(request: HttpRequest) -> str:
    """The network that the visitor came from: /24 of IPv4, /48 of IPv6; empty where the server does not know."""
    text = client_address(request).split("%", 1)[0]
    if not text:
        return ""
    prefix = 48 if ":" in text else 24
    return str(ipaddress.ip_network(f"{text}/{prefix}", strict=False))


def visitor_hash(request: HttpRequest, *, dot_id: int) -> str:
    """64 hexadecimal digits that are the same for one visitor of one dot on one day (UTC)."""
    said = "\n".join([str(dot_id), truncated_address(request), user_agent(request)])
    return hmac.new(salt_of(timezone.now().date()), said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def salt_of(day: date) -> bytes:
    """The salt of a day, made when it is first asked for. Of two processes that make it, both use the first's."""
    row, _created = DailySalt.objects.get_or_create(day=day, defaults={"salt": secrets.token_bytes(SALT_BYTES)})
    return bytes(row.salt)
