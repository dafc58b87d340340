"""Which store answers: S3 when a bucket is configured, else the local folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from uploads.storage.base import ObjectStore
from uploads.storage.local import LocalStore


def store() -> ObjectStore:
    """The installation's object store, by settings; the same object each time within one process."""
    if settings.S3_BUCKET:
        return _s3(
            os.getpid(),
            settings.S3_BUCKET,
            settings.S3_REGION,
            settings.S3_ENDPOINT_URL,
            settings.S3_ADDRESSING_STYLE,
            settings.CLOUDFRONT_DOMAIN,
            settings.CLOUDFRONT_KEY_ID,
            settings.CLOUDFRONT_KEY,
        )
    return _local(Path(settings.MEDIA_DIR), settings.SITE_URL)


@lru_cache(maxsize=4)
def _local(folder: Path, site_url: str) -> ObjectStore:
    return LocalStore(folder=folder, site_url=site_url)


@lru_cache(maxsize=4)
def _s3(
    process_id: int,
    bucket: str,
    region: str,
    endpoint_url: str,
    addressing_style: str,
    cloudfront_domain: str,
    cloudfront_key_id: str,
    cloudfront_key: str,
) -> ObjectStore:
    """One client a process: making one takes 5 ms, and its connections must not be shared with a forked worker."""
    # boto3 takes 150 ms to import, and cryptography 30 ms: only where they are used.
    from uploads.storage.cloudfront import CloudFront
    from uploads.storage.s3 import S3Store

    cloudfront = (
        CloudFront(domain=cloudfront_domain, key_id=cloudfront_key_id, key=cloudfront_key)
        if cloudfront_domain
        else None
    )
    return S3Store(
        bucket=bucket,
        region=region,
        endpoint_url=endpoint_url,
        addressing_style=addressing_style,
        cloudfront=cloudfront,
    )
