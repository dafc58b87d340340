"""Errors on pages: each has its template, and the request's id for whoever asks for help.

They are drawn without the request: an error page must not fail on the session, the account or the database that the
error came from, and sets no cookie. The API has its own way (``micdots.api.exceptions``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import select_template
from django.utils.translation import gettext as _

from micdots.lib.errors import MicDotsError, RateLimited
from micdots.lib.request_id import NONE, current_request_id


def error_page(status: int, message: Any = "") -> HttpResponse:
    """The page ``<status>.html``, or the general one where that status has none of its own; kept by nobody.

    Args:
        message: one sentence that takes the place of the page's own.
    """
    template = select_template([f"{status}.html", "500.html" if status >= 500 else "400.html"])
    request_id = current_request_id()
    body = template.render({"error_message": message, "request_id": "" if request_id == NONE else request_id})
    return HttpResponse(body, status=status, headers={"Cache-Control": "no-store"})


class ErrorPagesMiddleware:
    """Catches a ``MicDotsError`` that a page did not turn into something of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        # What is a bug on our side goes on to Django, which logs it.
        if not isinstance(exception, MicDotsError) or exception.code == MicDotsError.code:
            return None
        response = error_page(exception.status, exception.message)
        if isinstance(exception, RateLimited):
            response["Retry-After"] = str(exception.retry_after)
        return response


# Django's own errors: micdots.urls names these as its handlers.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large_page()
    return error_page(400)


def too_large_page() -> HttpResponse:
    """More than a request may carry."""
    return error_page(
        413,
        _("What you sent is larger than %(limit)d MiB. Go back, where it still stands, and shorten it.")
        % {"limit": settings.MAX_BODY_BYTES // 2**20},
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open for too long, or that another site sent."""
    return error_page(403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(500)
