"""Signed, expiring addresses of the local storage: what SigV4 is to S3, with one secret and one server."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "uploads.storage.local"
_NO_MATCH = "The request signature we calculated does not match the signature you provided."


@dataclass(frozen=True)
class Permission:
    """What one signed address allows, and until when."""

    method: str  # GET (which includes HEAD); what allows a PUT is a ``Grant``
    key: str
    expires: int  # seconds since 1970
    file_name: str = ""  # the answer is a download under this name; empty: shown in place
    content_type: str = ""  # the answer says this type; empty: the object's own

    def query(self) -> dict[str, str]:
        """The query parameters of the address, signature last."""
        parameters = {"expires": str(self.expires)}
        if self.file_name:
            parameters["name"] = self.file_name
        if self.content_type:
            parameters["type"] = self.content_type
        return parameters | {"signature": _signature(self, settings.SECRET_KEY)}


class Refused(Exception):
    """The address allows nothing; ``code`` and ``message`` are what S3 answers with status 403."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Grant:
    """What one signed address allows to be put, and until when."""

    key: str
    expires: int  # seconds since 1970
    headers: Mapping[str, str]  # the request has to carry these with exactly these values
    upload_id: str = ""  # of a multipart upload; empty for an object in one piece
    part_number: int = 0

    def query(self) -> dict[str, str]:
        """The query parameters of the address. As with S3 the values of the headers are signed and not in it."""
        parameters = {"expires": str(self.expires), "headers": ";".join(sorted(name.lower() for name in self.headers))}
        if self.upload_id:
            parameters |= {"uploadId": self.upload_id, "partNumber": str(self.part_number)}
        return parameters | {"signature": _signature_of_grant(self, settings.SECRET_KEY)}


def grant_from(key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Grant:
    """The grant that an address and the headers sent with it make together.

    Raises:
        Refused: it is not signed, was changed after signing, the headers are others than were signed, or it has
            expired.
    """
    signature = query.get("signature", "")
    expires = _read_number(query.get("expires", ""))
    part_number = _read_number(query.get("partNumber", "0"))
    if not signature or expires is None or part_number is None:
        raise Refused("AccessDenied", "Access Denied")
    # Expiry first, as S3 does: who comes too late is told so, whatever else is wrong.
    if time.time() > expires:
        raise Refused("AccessDenied", "Request has expired")
    names = [name for name in query.get("headers", "").split(";") if name]
    sent = {name: headers.get(name, "").strip() for name in names}
    grant = Grant(key, expires, sent, query.get("uploadId", ""), part_number)
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(signature, _signature_of_grant(grant, secret)) for secret in secrets):
        raise Refused("SignatureDoesNotMatch", _NO_MATCH)
    return grant


def _read_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 11 else None


def permission_from(method: str, key: str, query: Mapping[str, str]) -> Permission:
    """The permission that an address carries.

    Raises:
        Refused: it is not signed, was changed after signing, or has expired.
    """
    signature = query.get("signature", "")
    try:
        expires = int(query.get("expires", ""))
    except ValueError:
        expires = -1
    if not signature or not 0 <= expires < 10**11:
        raise Refused("AccessDenied", "Access Denied")
    permission = Permission(method, key, expires, query.get("name", ""), query.get("type", ""))
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(signature, _signature(permission, secret)) for secret in secrets):
        raise Refused("SignatureDoesNotMatch", _NO_MATCH)
    if time.time() > expires:
        raise Refused("AccessDenied", "Request has expired")
    return permission


def _signature(permission: Permission, secret: str) -> str:
    # JSON, so that no two permissions can be written as the same text, whatever their parts contain.
    text = json.dumps(
        [permission.method, permission.key, permission.expires, permission.file_name, permission.content_type]
    )
    return salted_hmac(_SALT, text, secret=secret, algorithm="sha256").hexdigest()


def _signature_of_grant(grant: Grant, secret: str) -> str:
    headers = sorted((name.lower(), value) for name, value in grant.headers.items())
    text = json.dumps(["PUT", grant.key, grant.expires, headers, grant.upload_id, grant.part_number])
    return salted_hmac(_SALT, text, secret=secret, algorithm="sha256").hexdigest()
