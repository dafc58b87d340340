"""How the local storage takes objects over HTTP: a PUT to a signed address, with S3's rules, statuses and errors."""

from __future__ import annotations

import contextlib
import logging
from typing import IO, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from uploads.exceptions import ObjectNotFound, StorageError
from uploads.serving import error_response, for_any_site
from uploads.storage import CHUNK_BYTES
from uploads.storage.local import LocalStore
from uploads.storage.local_files import UnderWay
from uploads.storage.receiving import AlreadyThere, Incomplete
from uploads.storage.signing import Grant, Refused, grant_from

logger = logging.getLogger(__name__)

# An answer before the body was read is lost when the connection is closed on a client that is still sending. So a
# refused body is read, to here at most.
_READ_OF_REFUSED = 4 * 1024 * 1024
_METHODS = "GET, HEAD, PUT"
_PREFLIGHT_SECONDS = 3600


def put_response(request: HttpRequest, objects: LocalStore, key: str) -> HttpResponse:
    """Store the body of a PUT, or say as S3 does why not. Nothing of it is ever held in memory as a whole."""
    response = _put(request, objects, key)
    if response.status_code >= 400:
        _drain(request)
    return _for_our_pages(request, response)


def preflight_response(request: HttpRequest, key: str) -> HttpResponse:
    """What a browser asks before it PUTs from one of our pages at another address."""
    wanted = request.headers.get("Access-Control-Request-Method", "")
    if not _is_ours(request) or wanted not in _METHODS.split(", "):
        return error_response(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.", key)
    response = _for_our_pages(request, HttpResponse(status=200))
    response["Access-Control-Allow-Methods"] = _METHODS
    response["Access-Control-Allow-Headers"] = "content-type, if-none-match, range"
    response["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


def _put(request: HttpRequest, objects: LocalStore, key: str) -> HttpResponse:
    length = _length_of(request)
    if length is None:
        return error_response(411, "MissingContentLength", "You must provide the Content-Length HTTP header.", key)
    try:
        grant = grant_from(key, request.GET, request.headers)
    except Refused as refusal:
        return error_response(403, refusal.code, refusal.message, key)
    if not grant.upload_id and length > settings.UPLOAD_MAX_BYTES:
        return error_response(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", key)
    try:
        etag = _store(objects, grant, cast(IO[bytes], request), length)
    except AlreadyThere:
        message = "At least one of the pre-conditions you specified did not hold"
        return error_response(412, "PreconditionFailed", message, key)
    except UnderWay:
        message = "A conflicting operation occurred. If using PutObject you can retry the request."
        return error_response(409, "ConditionalRequestConflict", message, key)
    except (Incomplete, UnreadablePostError):
        message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
        return error_response(400, "IncompleteBody", message, key)
    except ObjectNotFound:
        message = "The specified upload does not exist. It may have been aborted or completed."
        return error_response(404, "NoSuchUpload", message, key)
    except ValueError:
        return error_response(400, "InvalidArgument", "Part number must be an integer between 1 and 10000", key)
    except StorageError:
        return error_response(503, "ServiceUnavailable", "Please reduce your request rate.", key)
    response = HttpResponse(status=200)
    response["ETag"] = f'"{etag}"'
    response["Cache-Control"] = "no-store"
    return response


def _store(objects: LocalStore, grant: Grant, body: IO[bytes], length: int) -> str:
    if grant.upload_id:
        return objects.receive_part(grant.key, grant.upload_id, grant.part_number, body, length)
    return objects.receive(grant.key, body, length).etag


def _length_of(request: HttpRequest) -> int | None:
    """The length that is announced; None for none, for nonsense, and for a body in chunks, which S3 takes neither."""
    told = request.META.get("CONTENT_LENGTH") or ""
    if not (told.isascii() and told.isdigit()) or len(told) > 15 or "HTTP_TRANSFER_ENCODING" in request.META:
        return None
    return int(told)


def _drain(request: HttpRequest) -> None:
    # A body in chunks is empty to Django, which reads as much as was announced. Not every server says where it ends.
    is_in_chunks = "HTTP_TRANSFER_ENCODING" in request.META and request.META.get("wsgi.input_terminated")
    body = request.META["wsgi.input"] if is_in_chunks else request
    left = _READ_OF_REFUSED
    # The client has hung up, or will: it has its answer or does not want one.
    with contextlib.suppress(UnreadablePostError, OSError):
        while left > 0 and (chunk := body.read(CHUNK_BYTES)):
            left -= len(chunk)


def _is_ours(request: HttpRequest) -> bool:
    """Whether the asking page is one of this installation, or of a site that may use its API."""
    parts = urlsplit(settings.SITE_URL)
    return request.headers.get("Origin", "") in {f"{parts.scheme}://{parts.netloc}", *settings.CORS_ALLOWED_ORIGINS}


def _for_our_pages(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Objects may be read on any page; they are put from ours alone."""
    response = for_any_site(response)
    del response["Access-Control-Allow-Origin"]
    response["Vary"] = "Origin"
    if _is_ours(request):
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
    return response
