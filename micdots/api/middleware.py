"""What holds for every address below ``/api/``, also where no API view is reached."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from micdots.api.envelope import status_answer
from micdots.api.limits import header_fields

logger = logging.getLogger(__name__)

PREFIX = "/api/"
_JSON = "application/json"


class ApiMiddleware:
    """Drops the last slash, shows limits, and puts errors that Django or a middleware answered into the envelope.

    A refused host, a broken path or a failed CSRF check never reaches a view, and in debug mode Django answers errors
    with pages of its own; a program that talks JSON gets JSON all the same. Pages get the fields of limits, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_api = request.path_info.startswith(PREFIX)
        if is_api:
            # Both forms of an address answer; a redirect would lose a POST's body.
            request.path_info = request.path_info.removesuffix("/")
        response = self._answer(request) if is_api else self.get_response(request)
        if is_api and response.status_code >= 400 and not response.get("Content-Type", "").startswith(_JSON):
            response = _in_envelope(response)
        for name, value in header_fields(request.__dict__.get("rate_limit_states", ())).items():
            response[name] = value
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        """The answer of an API address, whatever breaks: Django would draw a page, and that may break as well."""
        try:
            request.get_host()
            return self.get_response(request)
        except DisallowedHost:
            return status_answer(400)
        except Exception:
            logger.exception("An error could not be answered")
            return status_answer(500)


def _in_envelope(response: HttpResponse) -> HttpResponse:
    answer = status_answer(response.status_code)
    for name, value in response.items():  # CORS and the like
        if name not in {"Content-Type", "Content-Length", "Content-Security-Policy"}:
            answer[name] = value
    return answer
