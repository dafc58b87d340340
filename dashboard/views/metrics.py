"""``/metrics``: for whoever brings the token, or without one for this machine alone."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from dashboard.metrics import exposition
from micdots.lib.client_address import client_address


@never_cache
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """With ``METRICS_TOKEN``: 403 without it. Without one: 404 to everybody but this machine."""
    if settings.METRICS_TOKEN:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        # As bytes: compare_digest takes no text beyond ASCII.
        known = constant_time_compare(token.strip().encode(), settings.METRICS_TOKEN.encode())
        if scheme.lower() != "bearer" or not known:
            return HttpResponse(status=403, content_type="text/plain")
    elif not _is_local(request):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _is_local(request: HttpRequest) -> bool:
    """Whether somebody on this machine asks, by one of its own names.

    A proxy on this machine that is not named in ``TRUSTED_PROXIES`` comes from here too, but for another host or with
    a header that says so (``X-Forwarded-…`` of such a proxy are gone by now).
    """
    if any(name in request.META for name in ("HTTP_VIA", "HTTP_FORWARDED", "HTTP_X_REAL_IP")):
        return False
    try:
        is_loopback = ipaddress.ip_address(client_address(request)).is_loopback
    except ValueError:
        return False
    host, _port = split_domain_port(request.get_host())
    return is_loopback and host in {"localhost", "127.0.0.1", "[::1]"}
