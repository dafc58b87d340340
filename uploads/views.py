"""Addresses of the local storage."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from micdots.api.page_bodies import bounds_body_itself
from uploads.arrivals import preflight_response, put_response
from uploads.exceptions import ObjectNotFound, StorageError
from uploads.serving import RangeNotSatisfiable, error_response, object_response
from uploads.storage import store
from uploads.storage.local import LocalStore
from uploads.storage.signing import Refused, permission_from


@bounds_body_itself  # what is put is streamed to its place, as far as it was signed for
@csrf_exempt  # a program's address, allowed by its signature and by no cookie; so a POST gets S3's answer too
def media(request: HttpRequest, key: str) -> HttpResponseBase:
    """One object of the local storage, read or put by whoever holds a signed address; errors are S3's, in XML.

    Where objects are in S3 there is nothing here: 404.
    """
    objects = store()
    if not isinstance(objects, LocalStore):
        return error_response(404, "NoSuchKey", "The specified key does not exist.", key)
    if request.method == "PUT":
        return put_response(request, objects, key)
    if request.method == "OPTIONS":
        return preflight_response(request, key)
    if request.method not in ("GET", "HEAD"):
        response = error_response(
            405, "MethodNotAllowed", "The specified method is not allowed against this resource.", key
        )
        response["Allow"] = "GET, HEAD, PUT"
        return response
    try:
        permission = permission_from("GET", key, request.GET)
        file, info = objects.open_file(key)
    except Refused as refusal:
        return error_response(403, refusal.code, refusal.message, key)
    except (ObjectNotFound, ValueError):
        return error_response(404, "NoSuchKey", "The specified key does not exist.", key)
    except StorageError:
        return error_response(503, "ServiceUnavailable", "Please try again in a few minutes.", key)
    try:
        return object_response(request, file, info, permission)
    except RangeNotSatisfiable:
        file.close()
        response = error_response(416, "InvalidRange", "The requested range is not satisfiable", key)
        response["Content-Range"] = f"bytes */{info.size_bytes}"
        return response
