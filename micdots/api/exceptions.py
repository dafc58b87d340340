"""Every exception of an API view becomes an answer in the envelope, here and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core import exceptions as django
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import set_rollback

from micdots.api.envelope import CODES, error_body
from micdots.api.parsers import BODY
from micdots.lib import errors
from micdots.lib.camel_case import camel

logger = logging.getLogger(__name__)


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """REST framework's exception handler (``EXCEPTION_HANDLER``).

    Unexpected exceptions are logged here, once, and answered without a word about the inside.
    """
    set_rollback()
    known = _known(exc)
    if known is not None:
        return _answer(known)
    if isinstance(exc, OperationalError | InterfaceError):
        logger.error("The database did not answer", exc_info=exc)
        return _answer(errors.ServiceUnavailable())
    logger.error("Unexpected error in %s", type(context["view"]).__name__, exc_info=exc)
    request = context.get("request")
    got_request_exception.send(sender=type(context["view"]), request=getattr(request, "_request", request))
    return _answer(errors.MicDotsError())


def _known(exc: Exception) -> errors.MicDotsError | None:
    """The exception as one of ours, or None for a bug."""
    match exc:
        case errors.MicDotsError():
            return exc
        case drf.ValidationError():
            return errors.ValidationFailed(flatten(exc.detail))
        case django.ValidationError():
            found = exc.message_dict if hasattr(exc, "error_dict") else {BODY: exc.messages}
            return errors.ValidationFailed({BODY if name == "__all__" else name: list(found[name]) for name in found})
        case drf.ParseError():
            return errors.ValidationFailed({BODY: [str(exc.detail)]})
        case drf.NotAuthenticated():
            return errors.Unauthorized()
        case drf.AuthenticationFailed():
            return errors.Unauthorized(_("These credentials are not valid or have expired. Please sign in again."))
        case drf.Throttled():
            return errors.RateLimited(retry_after=int(getattr(exc, "wait", None) or 1))
        case drf.MethodNotAllowed() | drf.UnsupportedMediaType():
            return _by_status(exc.status_code)
        case Http404() | drf.NotFound():
            return errors.NotFound()
        case django.PermissionDenied() | drf.PermissionDenied():
            return errors.Forbidden()
        case django.RequestDataTooBig():
            return errors.PayloadTooLarge()
        case django.SuspiciousOperation() | UnreadablePostError():
            return errors.ValidationFailed({BODY: [_("This request could not be read.")]})
        case drf.APIException() if exc.status_code < 500:
            return _by_status(exc.status_code)
    return None


def _by_status(status: int) -> errors.MicDotsError:
    code, message = CODES.get(status, CODES[400])
    error = errors.MicDotsError(message)
    error.code, error.status = code, status
    return error


def _answer(error: errors.MicDotsError) -> Response:
    details = error.details
    if error.code == "VALIDATION_ERROR":
        details = flatten(details)
    response = Response(error_body(error.code, error.message, details), status=error.status)
    response.exception = True
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    if isinstance(error, errors.RateLimited):
        response["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.Gone):
        response["Cache-Control"] = "no-store"
    return response


def flatten(detail: Any, place: str = "") -> dict[str, list[str]]:
    """Nested errors as one level: ``{"link": {"url": ["…"]}}`` → ``{"link.url": ["…"]}``, names in camelCase."""
    if isinstance(detail, Mapping):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            key = camel(str(name))
            if key in {BODY, "nonFieldErrors"}:
                key = place or BODY
            elif place:
                key = f"{place}.{key}"
            for inner_place, messages in flatten(inner, key).items():
                found.setdefault(inner_place, []).extend(messages)
        return found
    if isinstance(detail, list | tuple):
        plain = [str(item) for item in detail if not isinstance(item, Mapping | list)]
        found = {place or BODY: plain} if plain else {}
        for index, item in enumerate(detail):
            if isinstance(item, Mapping | list) and item:
                found.update(flatten(item, f"{place}.{index}" if place else str(index)))
        return found
    return {place or BODY: [str(detail)]}
