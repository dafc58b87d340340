"""Reading a request's body: how much of it, and which JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, NoReturn, cast
from weakref import finalize

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from micdots.lib.errors import PayloadTooLarge, ValidationFailed

BODY = "body"  # the name in ``details`` for what concerns the body as a whole
MAX_DEPTH = 32


def _refuse(message: str) -> NoReturn:
    raise ValidationFailed({BODY: [message]})


def bound_body(request: HttpRequest, limit: int) -> None:
    """Make sure that a body of more than ``limit`` bytes is never read into memory.

    A body that tells its length is judged by it. A chunked one is read here, at most to the limit, and handed on
    with the length it turned out to have: Django takes a missing Content-Length for an empty body.

    Raises:
        PayloadTooLarge: it is longer than ``limit``.
        ValidationFailed: its Content-Length is not a number.
    """
    told = request.META.get("CONTENT_LENGTH") or ""
    if told:
        # str.isdigit alone would let other scripts' digits through.
        if not (told.isascii() and told.isdigit()):
            _refuse(_("Content-Length is not a number."))
        if len(told) > 18 or int(told) > limit:
            raise PayloadTooLarge
    elif "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and "wsgi.input" in request.META:
        # What views that take files get is not held in memory either.
        received = SpooledTemporaryFile(max_size=settings.MAX_BODY_BYTES)  # noqa: SIM115 - closed with the request
        finalize(request, received.close)
        while received.tell() <= limit and (part := request.META["wsgi.input"].read(65536)):
            received.write(part)
        if received.tell() > limit:
            raise PayloadTooLarge
        request.META["CONTENT_LENGTH"] = str(received.tell())
        received.seek(0)
        request._stream = cast(BinaryIO, received)  # where Django reads the body from


class StrictJSONParser(BaseParser):
    """One JSON object in UTF-8 (RFC 8259): no NaN, no infinity, no name twice, nested 32 levels at most."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        _type, parameters = parse_header_parameters(media_type or "")
        if parameters.get("charset", "utf-8").lower().replace("_", "-") not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type or "")
        return read_json_object(stream.read())


def read_json_object(raw: bytes) -> dict[str, Any]:
    """Read one JSON object strictly; raises ``ValidationFailed`` with ``body`` in its details."""
    try:
        value = json.loads(
            raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_name_twice
        )
    except UnicodeDecodeError:
        _refuse(_("This is not valid UTF-8."))
    except RecursionError:
        _refuse(_("This is nested too deeply."))
    except ValueError:  # malformed, or an integer of thousands of digits
        _refuse(_("This is not valid JSON."))
    if not isinstance(value, dict):
        _refuse(_("Send a JSON object."))
    _check_depth(value)
    return value


def _no_constant(name: str) -> NoReturn:
    _refuse(_("%(name)s is not a JSON number.") % {"name": name})


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse(_("A number is too large."))
    return number


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        _refuse(_("A name stands twice in one object."))
    return value


def _check_depth(value: Any) -> None:
    """Walks without recursion: whatever comes after may recurse safely."""
    level = [value]
    for _depth in range(MAX_DEPTH):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    _refuse(_("This is nested too deeply."))
