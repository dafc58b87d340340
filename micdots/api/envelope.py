"""The envelope around every JSON answer: ``{"success": true, "data": …}`` or ``{"success": false, "error": {…}}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import JsonResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from micdots.lib.errors import MicDotsError

# What each status is called where no exception has told: answers of Django itself and of middleware.
CODES: dict[int, tuple[str, Any]] = {
    400: ("VALIDATION_ERROR", _("This request could not be understood.")),
    401: ("UNAUTHORIZED", _("Authentication required.")),
    403: ("FORBIDDEN", _("You are not allowed to do this.")),
    404: ("NOT_FOUND", _("There is no such thing here.")),
    405: ("METHOD_NOT_ALLOWED", _("This address does not take this method.")),
    413: ("PAYLOAD_TOO_LARGE", _("This is too large.")),
    415: ("UNSUPPORTED_MEDIA_TYPE", _("Send JSON, with Content-Type: application/json.")),
    429: ("RATE_LIMITED", _("Too many attempts. Please wait a moment and try again.")),
    500: ("INTERNAL_ERROR", MicDotsError.default_message),
    503: ("SERVICE_UNAVAILABLE", _("This is not available at the moment. Please try again in a few minutes.")),
}


@dataclass(frozen=True)
class Page:
    """A list's rows, already shown as JSON, and where its neighbours begin."""

    rows: Sequence[Any]
    limit: int
    next_cursor: str | None
    previous_cursor: str | None


def error_body(code: str, message: Any, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of an error. ``details`` is left out where it is empty, but for ``VALIDATION_ERROR``."""
    error: dict[str, Any] = {"code": code, "message": str(message)}
    if details or code == "VALIDATION_ERROR":
        error["details"] = dict(details or {})
    return {"success": False, "error": error}


def success_body(data: Any) -> dict[str, Any]:
    if isinstance(data, Page):
        meta = {"limit": data.limit, "nextCursor": data.next_cursor, "previousCursor": data.previous_cursor}
        return {"success": True, "data": data.rows, "meta": meta}
    return {"success": True, "data": data}


def status_answer(status: int, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """An error that is known by its status only."""
    code, message = CODES.get(status) or CODES[500 if status >= 500 else 400]
    return JsonResponse(error_body(code, message), status=status, headers=headers)


class EnvelopeRenderer(JSONRenderer):
    """Puts a view's data into the envelope. What the exception handler made is in it already."""

    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        response = (renderer_context or {}).get("response")
        if response is not None and response.status_code in {204, 304}:
            return b""
        if response is None or not response.exception:
            data = success_body(data)
        return super().render(data, accepted_media_type, renderer_context)


class JsonOnly(DefaultContentNegotiation):
    """The API speaks JSON whatever ``Accept`` asks for: an error that cannot be read helps nobody."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
