"""How the local storage answers over HTTP: the part of S3's behaviour that players, browsers and programs rely on."""

from __future__ import annotations

import re
import uuid
from typing import BinaryIO, TypeVar
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe

from uploads.storage.base import CACHE_CONTROL, ObjectInfo
from uploads.storage.disposition import attachment
from uploads.storage.local import FileRange
from uploads.storage.signing import Permission

_Response = TypeVar("_Response", bound=HttpResponseBase)
_BYTE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class RangeNotSatisfiable(Exception):
    """The range begins behind the end of the object."""


def error_response(status: int, code: str, message: str, key: str = "") -> HttpResponse:
    """An error as S3 says it, in XML."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"<Key>{escape(key)}</Key><RequestId>{uuid.uuid4().hex[:16].upper()}</RequestId></Error>"
    )
    response = HttpResponse(body, status=status, content_type="application/xml")
    response["Cache-Control"] = "no-store"
    return for_any_site(response)


def object_response(request: HttpRequest, file: BinaryIO, info: ObjectInfo, permission: Permission) -> HttpResponseBase:
    """The object, a range of it, or word that the browser has it already. ``file`` is closed with the answer.

    Raises:
        RangeNotSatisfiable: the answer is 416; ``file`` is still open.
    """
    etag = f'"{info.etag}"'
    modified = int(info.modified_at.timestamp())
    conditional = get_conditional_response(request, etag=etag, last_modified=modified)
    if conditional is not None:
        file.close()
        if conditional.status_code == 412:
            message = "At least one of the pre-conditions you specified did not hold"
            return error_response(412, "PreconditionFailed", message, info.key)
        response: HttpResponseBase = conditional
    else:
        first, last, status = 0, info.size_bytes, 200
        if "Range" in request.headers and _range_is_meant(request, etag, modified):
            wanted = parse_range(request.headers["Range"], info.size_bytes)
            if wanted is not None:
                (first, last), status = wanted, 206
        if request.method == "HEAD":
            file.close()
            response = HttpResponse(status=status)
        else:
            response = StreamingHttpResponse(FileRange(file, first, last), status=status)
        response["Content-Length"] = str(last - first)
        if status == 206:
            response["Content-Range"] = f"bytes {first}-{last - 1}/{info.size_bytes}"
        response["Content-Type"] = permission.content_type or info.content_type
        if permission.file_name:
            response["Content-Disposition"] = attachment(permission.file_name)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Last-Modified"] = http_date(modified)
    response["Cache-Control"] = CACHE_CONTROL
    return for_any_site(response)


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The bytes that a ``Range`` header asks for, as first and last + 1; None when it is to be ignored.

    Several ranges at once, other units and nonsense are ignored and the whole object is sent, as S3 does.

    Raises:
        RangeNotSatisfiable: no byte of the object is in it.
    """
    match = _BYTE_RANGE.fullmatch(header.strip())
    if match is None or match[0].endswith("=-"):
        return None
    start_text, end_text = match.groups()
    if not start_text:  # "bytes=-500": the last 500
        length = min(int(end_text), size)
        if not length:
            raise RangeNotSatisfiable
        return size - length, size
    start = int(start_text)
    if end_text and int(end_text) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable
    return start, min(int(end_text) + 1, size) if end_text else size


def _range_is_meant(request: HttpRequest, etag: str, modified: int) -> bool:
    """``If-Range``: a part is only wanted of the very object that the asker has the rest of."""
    condition = request.headers.get("If-Range", "").strip()
    if not condition:
        return True
    if condition.startswith('"'):
        return condition == etag
    return parse_http_date_safe(condition) == modified


def for_any_site(response: _Response) -> _Response:
    """Objects may be used on any page, but never act as one of ours: what people upload is not our word."""
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "Accept-Ranges, Content-Range, ETag"
    return response
