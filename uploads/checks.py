"""A wrong configuration of the storage speaks at start-up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from uploads.inspection.families import FAMILIES

_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
# Classes whose objects answer at once; with the others a play would begin hours later. Days: before that S3 refuses.
_READABLE_CLASSES = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "INTELLIGENT_TIERING": 1, "GLACIER_IR": 1}


@register
def check_s3(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A half-configured bucket would be a folder that nobody asked for, or errors with the first object."""
    found: list[CheckMessage] = []
    if not settings.S3_BUCKET:
        for name in ("S3_ENDPOINT_URL", "S3_KMS_KEY_ID"):
            if getattr(settings, name):
                hint = "Set S3_BUCKET too, or objects stay in a folder."
                found.append(Error(f"{name} is set and S3_BUCKET is not.", hint=hint, id="uploads.E001"))
    endpoint = urlsplit(settings.S3_ENDPOINT_URL)
    if settings.S3_ENDPOINT_URL and (
        endpoint.scheme not in ("http", "https") or not endpoint.hostname or endpoint.path or endpoint.query
    ):
        hint = "Set it to scheme and host, such as https://s3.example.org:9000."
        found.append(Error("S3_ENDPOINT_URL is not an address of a server.", hint=hint, id="uploads.E002"))
    if settings.S3_ADDRESSING_STYLE not in ("auto", "path", "virtual"):
        hint = "Set it to path (https://host/bucket/key), virtual (https://bucket.host/key) or auto."
        found.append(Error("S3_ADDRESSING_STYLE is none that S3 has.", hint=hint, id="uploads.E003"))
    return found


@register
def check_storage_class(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.S3_COLD_AFTER_DAYS:
        return []
    earliest = _READABLE_CLASSES.get(settings.S3_COLD_STORAGE_CLASS)
    if earliest is None:
        hint = f"Set it to one of {', '.join(_READABLE_CLASSES)}, or S3_COLD_AFTER_DAYS to 0."
        return [Error("Audio in S3_COLD_STORAGE_CLASS could not be played at once.", hint=hint, id="uploads.E004")]
    if earliest > settings.S3_COLD_AFTER_DAYS:
        hint = f"Set it to {earliest} or more, or to 0 to leave audio where it is."
        return [
            Error(
                f"S3 moves nothing to {settings.S3_COLD_STORAGE_CLASS} after {settings.S3_COLD_AFTER_DAYS} days.",
                hint=hint,
                id="uploads.E005",
            )
        ]
    return []


@register
def check_cloudfront(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """CloudFront needs all of its three settings, and a bucket behind it."""
    names = ("CLOUDFRONT_DOMAIN", "CLOUDFRONT_KEY_ID", "CLOUDFRONT_KEY")
    missing = [name for name in names if not getattr(settings, name)]
    if len(missing) == len(names):
        return []
    if missing:
        hint = f"Set {' and '.join(missing)} too, or none of {', '.join(names)}."
        return [Error("CloudFront is configured by half.", hint=hint, id="uploads.E006")]
    found: list[CheckMessage] = []
    if not _HOST_NAME.fullmatch(settings.CLOUDFRONT_DOMAIN):
        hint = "Set it to the host name alone, such as d111111abcdef8.cloudfront.net."
        found.append(Error("CLOUDFRONT_DOMAIN is not a host name.", hint=hint, id="uploads.E007"))
    from uploads.storage.cloudfront import private_key  # cryptography: only where it is used

    try:
        private_key(settings.CLOUDFRONT_KEY)
    except ValueError:
        hint = "Set it to the PEM text of an RSA private key without a password, or CLOUDFRONT_KEY_FILE to its file."
        found.append(Error("CLOUDFRONT_KEY cannot be read.", hint=hint, id="uploads.E008"))
    if not settings.S3_BUCKET:
        hint = "Set S3_BUCKET to the bucket that the distribution reads from."
        found.append(Warning("CloudFront is configured and S3 is not: it is not used.", hint=hint, id="uploads.W001"))
    return found


@register
def check_upload_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What could not be checked on arrival must not be taken, and what is not scanned must not look as if it were."""
    found: list[CheckMessage] = []
    for scope, types in settings.UPLOAD_CONTENT_TYPES.items():
        if unknown := sorted(set(types) - set(FAMILIES)):
            hint = "Take them out; docs/uploads.md lists the types that can be checked."
            message = f"UPLOAD_CONTENT_TYPES of {scope} has types that cannot be checked: {', '.join(unknown)}."
            found.append(Error(message, hint=hint, id="uploads.E009"))
    clamd = urlsplit(settings.CLAMD_URL)
    if settings.CLAMD_URL and not (
        (clamd.scheme == "tcp" and clamd.hostname) or (clamd.scheme == "unix" and clamd.path)
    ):
        hint = "Set it to tcp://host:3310 or unix:///run/clamav/clamd.ctl."
        found.append(Error("CLAMD_URL is not an address of a clamd.", hint=hint, id="uploads.E010"))
    if settings.MULTIPART_PART_BYTES < 5 * 1024 * 1024:
        hint = "Set it to 5242880 or more."
        found.append(Error("MULTIPART_PART_BYTES is smaller than S3 takes.", hint=hint, id="uploads.E011"))
    if not 60 <= settings.UPLOAD_URL_SECONDS <= 3600:
        hint = "Set it to 60 to 3600 seconds."
        found.append(Error("UPLOAD_URL_SECONDS is out of range.", hint=hint, id="uploads.E012"))
    return found
