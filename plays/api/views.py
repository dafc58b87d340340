"""The play page for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request

from generations.text import without_pauses
from micdots.api.views import ApiView, endpoint
from micdots.lib.errors import Forbidden
from plays import selectors
from plays.addresses import audio_address, captions_address
from plays.api.serializers import PlayOutput, PlayQuery
from plays.passes import PASS_SECONDS, issue_pass
from plays.requests import check_dot_password, wanted_rendition


class PlayView(ApiView):
    @endpoint(query=PlayQuery, answer=PlayOutput, public=True, limits=["play"], errors=[403, 404, 410])
    def get(self, request: Request, name: str, query: dict[str, Any]) -> dict[str, Any]:
        """What a dot plays. It counts no scan; a dot with a password wants it in `X-Dot-Password`, in UTF-8."""
        dot = selectors.find_dot(name)
        selectors.check_heard(dot)
        if dot.has_password and not self._knows_password(request, dot):
            raise Forbidden
        rendition = wanted_rendition(request._request, dot)
        generation = selectors.heard_generation(rendition)
        token = issue_pass(dot)
        return {
            "code": dot.code,
            "title": dot.title,
            "description": dot.description,
            "language": rendition.language,
            "languages": [other.language for other in dot.renditions.all()],
            "text": without_pauses(generation.text),
            "audio_url": settings.SITE_URL + audio_address(dot, rendition.language, token=token),
            "captions_url": settings.SITE_URL + captions_address(dot, rendition.language, token=token),
            "expires_at": timezone.now() + timedelta(seconds=PASS_SECONDS),
            "duration_seconds": generation.duration_seconds,
            "synthetic": generation.is_synthetic,
        }

    @staticmethod
    def _knows_password(request: Request, dot: Any) -> bool:
        password = request.headers.get("X-Dot-Password", "")
        return bool(password) and check_dot_password(request._request, dot, *_readings(password))


def _readings(header: str) -> list[str]:
    """A header's value as WSGI hands it on, that is, read as Latin-1; and as UTF-8 where it is that as well."""
    try:
        read = header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return [header]
    return [header] if read == header else [read, header]
