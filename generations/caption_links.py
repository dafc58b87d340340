"""Addresses of captions that need no credentials: signed for one generation and a time, like those of its audio."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from generations.models import Generation

_signer = signing.Signer(salt="generations.captions")


def captions_url(public_id: UUID, expires_at: datetime) -> str:
    """An absolute address that answers WebVTT until ``expires_at``."""
    expires = int(expires_at.timestamp())
    token = _signer.signature(f"{public_id}:{expires}")
    path = reverse("captions", args=[public_id])
    return f"{settings.SITE_URL}{path}?expires={expires}&signature={token}"


@require_safe
def captions(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The captions as WebVTT; 403 when the address is no longer or never was good."""
    expires, signature = request.GET.get("expires", ""), request.GET.get("signature", "")
    try:
        _signer.unsign(f"{public_id}:{expires}{_signer.sep}{signature}")
        good = int(expires) > timezone.now().timestamp()
    except (signing.BadSignature, ValueError):
        good = False
    if not good:
        return HttpResponse(_("This address has expired.") + "\n", status=403, content_type="text/plain; charset=utf-8")
    vtt = (
        Generation.objects.ready().filter(public_id=public_id, dot__purged_at=None).values_list("captions", flat=True)
    ).first()
    if vtt is None:
        raise Http404
    response = HttpResponse(vtt, content_type="text/vtt; charset=utf-8")
    response["Access-Control-Allow-Origin"] = "*"
    return response
