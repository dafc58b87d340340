"""How MicDots talks to S3: the client, its patience, and what its errors mean."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import logging
from collections.abc import Iterator
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError, PartialCredentialsError

from uploads.exceptions import ObjectNotFound, StorageError

logger = logging.getLogger(__name__)

CONNECT_SECONDS, READ_SECONDS = 5, 30
ATTEMPTS = 4  # all told; with botocore's back-off a dead endpoint is given up within about half a minute
_NOT_FOUND = {"404", "NoSuchKey", "NotFound", "NoSuchUpload"}
# Codes where the same request can succeed later. Everything else below 500 an operator has to put right.
_PASSING_CODES = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "Throttling"}
_NOT_OFFERED = {"NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "XNotImplemented"}
_NOT_OFFERED_STATUSES = {405, 501}


def addressing_style(setting: str, endpoint_url: str) -> str:
    """``path`` or ``virtual`` (the bucket is part of the host name) for what S3_ADDRESSING_STYLE says.

    ``auto`` suits most: Amazon wants the bucket's own host name, compatible servers seldom answer on one.
    """
    if setting in ("path", "virtual"):
        return setting
    return "path" if endpoint_url else "virtual"


def make_client(session: boto3.session.Session, *, region: str, endpoint_url: str, addressing: str) -> Any:
    """A client for one process; it may be used by all of its threads."""
    client = session.client(
        "s3",
        region_name=region,
        endpoint_url=endpoint_url or None,
        config=Config(
            # Without this boto3 signs addresses for us-east-1 in the old way, which has no conditional writes.
            signature_version="s3v4",
            s3={
                "addressing_style": addressing_style(addressing, endpoint_url),
                # The same host name in every region, and no redirect for buckets made a minute ago.
                "us_east_1_regional_endpoint": "regional",
            },
            # Some compatible servers refuse the checksums that newer boto3 adds of its own accord.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=16,
        ),
    )
    if endpoint_url:
        client.meta.events.register("before-call.s3", _use_md5)
    return client


def _use_md5(params: dict[str, Any], **_event: Any) -> None:
    """Where a checksum is required, send the one that every compatible server knows.

    boto3 has sent CRC32 in its place since 1.36, which several of them refuse (github.com/boto/botocore/issues/3415).
    """
    if params["context"].get("checksum", {}).get("request_algorithm") and isinstance(params["body"], bytes):
        digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
        params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()
        del params["context"]["checksum"]


def status_of(error: ClientError) -> int:
    """The HTTP status of an answer that boto3 raised."""
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return status


def code_of(error: ClientError) -> str:
    """S3's own word for what was wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_not_offered(error: ClientError) -> bool:
    """Whether a compatible server says that it does not know this call at all."""
    return code_of(error) in _NOT_OFFERED or status_of(error) in _NOT_OFFERED_STATUSES


class RangeBehindEnd(Exception):
    """S3 has no bytes for this range."""


@contextlib.contextmanager
def storage_errors(action: str, key: str) -> Iterator[None]:
    """boto3's errors as the storage's own; those that may pass have been tried again by botocore already."""
    try:
        yield
    except ClientError as error:
        code, status = code_of(error), status_of(error)
        if code in _NOT_FOUND and action != "check":
            raise ObjectNotFound() from error
        if code == "InvalidRange":
            raise RangeBehindEnd from error
        logger.warning("S3 could not %s %s: %s (status %s)", action, key, code, status)
        raise StorageError(permanent=status < 500 and status != 429 and code not in _PASSING_CODES) from error
    except (BotoCoreError, HTTPClientError, Boto3Error, OSError) as error:
        logger.warning("S3 could not %s %s: %s", action, key, type(error).__name__)
        permanent = isinstance(error, NoCredentialsError | PartialCredentialsError)
        raise StorageError(permanent=permanent) from error
