"""Objects in an S3 bucket, Amazon's or any compatible server's."""

from __future__ import annotations

import contextlib
import io
import itertools
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Self

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from django.core.cache import cache
from django.utils.crypto import salted_hmac

from uploads.exceptions import InvalidParts, ObjectNotFound, StorageError
from uploads.storage.base import (
    CACHE_CONTROL,
    CHUNK_BYTES,
    ObjectInfo,
    ObjectStream,
    PresignedPut,
    SignedUrl,
    StoredPart,
)
from uploads.storage.cloudfront import CloudFront
from uploads.storage.content_types import check_type, type_of_key
from uploads.storage.disposition import attachment
from uploads.storage.keys import check_key, check_prefix
from uploads.storage.s3_client import RangeBehindEnd, code_of, is_not_offered, make_client, storage_errors
from uploads.storage.s3_signing import Signer

_PART_BYTES = 8 * 1024 * 1024  # larger objects go in parts; also what is held in memory at most
# What S3 says when a client names parts that it does not have.
_WRONG_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"}


class S3Store:
    name = "s3"

    def __init__(
        self,
        *,
        bucket: str,
        region: str,
        endpoint_url: str = "",
        addressing_style: str = "auto",
        cloudfront: CloudFront | None = None,
    ) -> None:
        """Credentials come from where boto3 looks for them: environment, shared files, or the machine's role.

        Args:
            endpoint_url: of a compatible server; empty for Amazon's.
            addressing_style: ``path``, ``virtual`` or ``auto``, see ``s3_client.addressing_style``.
            cloudfront: objects are read through it; they are written to the bucket all the same.
        """
        self.bucket = bucket
        self._cloudfront = cloudfront
        with storage_errors("sign", ""):
            # A session of its own: the shared one is not made for several threads, and keeps the first credentials.
            session = boto3.session.Session()
            self._client: Any = make_client(
                session, region=region, endpoint_url=endpoint_url, addressing=addressing_style
            )
            self._signer = Signer(self._client, session.get_credentials(), bucket=bucket, region=region)
        self._transfer = TransferConfig(
            multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False
        )

    @property
    def origin(self) -> str:
        return self._cloudfront.origin if self._cloudfront else self._signer.origin

    # --- Whole objects ---

    def put(self, key: str, body: bytes | BinaryIO, content_type: str) -> ObjectInfo:
        check_key(key)
        check_type(key, content_type)
        file: Any = io.BytesIO(body) if isinstance(body, bytes) else _LeftOpen(body)
        with storage_errors("put", key):
            self._client.upload_fileobj(
                file,
                self.bucket,
                key,
                ExtraArgs={"ContentType": content_type, "CacheControl": CACHE_CONTROL},
                Config=self._transfer,
            )
        return self._stored(key)

    def open(self, key: str, start: int | None = None, end: int | None = None) -> ObjectStream:
        check_key(key)
        first = start or 0
        if end is not None and end <= first:
            if self.stat(key) is None:
                raise ObjectNotFound()
            return _Body(io.BytesIO(), key)
        byte_range = {} if not first and end is None else {"Range": f"bytes={first}-{'' if end is None else end - 1}"}
        try:
            with storage_errors("open", key):
                answer = self._client.get_object(Bucket=self.bucket, Key=key, **byte_range)
        except RangeBehindEnd:
            return _Body(io.BytesIO(), key)
        return _Body(answer["Body"], key)

    def stat(self, key: str) -> ObjectInfo | None:
        check_key(key)
        try:
            with storage_errors("stat", key):
                answer = self._client.head_object(Bucket=self.bucket, Key=key)
        except ObjectNotFound:
            return None
        return ObjectInfo(
            key=key,
            size_bytes=answer["ContentLength"],
            content_type=answer["ContentType"],
            etag=answer["ETag"].strip('"'),
            modified_at=answer["LastModified"],
        )

    def delete(self, key: str) -> None:
        """Every version of the object, too: what an account has erased is not kept for the bucket's thirty days.

        Versions are there for objects that are overwritten, or deleted past MicDots.
        """
        check_key(key)
        with storage_errors("delete", key):
            for version in self._versions(key):
                self._client.delete_object(Bucket=self.bucket, Key=key, **version)

    def keys(self, prefix: str = "") -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        with storage_errors("list", prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                for row in page.get("Contents", ()):
                    yield ObjectInfo(
                        key=row["Key"],
                        size_bytes=row["Size"],
                        content_type=type_of_key(row["Key"]),
                        etag=row["ETag"].strip('"'),
                        modified_at=row["LastModified"],
                    )

    # --- Addresses for others ---

    def signed_url(
        self, key: str, expires_in: int, file_name: str | None = None, content_type: str | None = None
    ) -> SignedUrl:
        check_key(key)
        reuse = max(1, expires_in // 2)
        # The parts go in as a digest: names may hold anything, and the cache's own keys may not.
        wanted = repr((self.origin, self.bucket, key, expires_in, file_name, content_type))
        cache_key = f"uploads:url:{salted_hmac('uploads.url', wanted, algorithm='sha256').hexdigest()}"
        held = cache.get(cache_key)
        if held is not None:
            return SignedUrl(url=held[0], expires_at=datetime.fromtimestamp(held[1], UTC))
        query = {}
        if file_name:
            query["response-content-disposition"] = attachment(file_name)
        if content_type:
            query["response-content-type"] = content_type
        expires = int(time.time()) + expires_in + reuse
        if self._cloudfront:
            url = self._cloudfront.signed(key, expires, query)
        else:
            url = self._sign("GET", key, expires_in + reuse, query=query)
        cache.set(cache_key, (url, expires), timeout=reuse)
        return SignedUrl(url=url, expires_at=datetime.fromtimestamp(expires, UTC))

    def url(self, key: str, expires_in: int, file_name: str | None = None, content_type: str | None = None) -> str:
        return self.signed_url(key, expires_in, file_name, content_type).url

    def presign_put(self, key: str, content_type: str, length: int | None, expires_in: int) -> PresignedPut:
        check_key(key)
        check_type(key, content_type)
        # If-None-Match makes the address good for one object: S3 answers 412 once something is there.
        headers = {"Content-Type": content_type, "If-None-Match": "*"}
        if length is not None:
            headers["Content-Length"] = str(length)
        expires_at = datetime.fromtimestamp(int(time.time()) + expires_in, UTC)
        return PresignedPut(
            url=self._sign("PUT", key, expires_in, headers=headers), headers=headers, expires_at=expires_at
        )

    # --- Uploads in parts ---

    def create_multipart(self, key: str, content_type: str) -> str:
        check_key(key)
        check_type(key, content_type)
        with storage_errors("create", key):
            answer = self._client.create_multipart_upload(
                Bucket=self.bucket, Key=key, ContentType=content_type, CacheControl=CACHE_CONTROL
            )
        return str(answer["UploadId"])

    def presign_part(
        self, key: str, upload_id: str, part_number: int, length: int | None, expires_in: int
    ) -> SignedUrl:
        check_key(key)
        query = {"partNumber": str(part_number), "uploadId": upload_id}
        headers = {} if length is None else {"Content-Length": str(length)}
        expires_at = datetime.fromtimestamp(int(time.time()) + expires_in, UTC)
        return SignedUrl(url=self._sign("PUT", key, expires_in, query=query, headers=headers), expires_at=expires_at)

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        check_key(key)
        with storage_errors("list the parts of", key):
            pages = self._client.get_paginator("list_parts").paginate(Bucket=self.bucket, Key=key, UploadId=upload_id)
            return [
                StoredPart(part_number=row["PartNumber"], etag=row["ETag"].strip('"'), size_bytes=row["Size"])
                for page in pages
                for row in page.get("Parts", ())
            ]

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> ObjectInfo:
        check_key(key)
        named = [{"PartNumber": number, "ETag": f'"{etag.strip(chr(34))}"'} for number, etag in parts]
        with storage_errors("complete", key):
            try:
                self._client.complete_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
                )
            except ClientError as error:
                if code_of(error) in _WRONG_PARTS:
                    raise InvalidParts() from error
                raise
        return self._stored(key)

    def abort_multipart(self, key: str, upload_id: str) -> None:
        check_key(key)
        with contextlib.suppress(ObjectNotFound), storage_errors("abort", key):
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)

    # --- Care ---

    def remove_unfinished(self, *, older_than_seconds: float) -> int:
        limit = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
        removed = 0
        with storage_errors("sweep", ""):
            for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket):
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"] < limit:
                        self.abort_multipart(upload["Key"], upload["UploadId"])
                        removed += 1
        return removed

    def check(self) -> None:
        with storage_errors("check", ""):
            self._client.head_bucket(Bucket=self.bucket)

    def _versions(self, key: str) -> list[dict[str, str]]:
        """What ``delete_object`` has to be told to remove each version and marker; newest first, as S3 lists them."""
        try:
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=key)
            # Longer keys can begin with this one; they come after it.
            ours = itertools.takewhile(
                lambda rows: any(row["Key"] == key for row in rows),
                ([*page.get("DeleteMarkers", ()), *page.get("Versions", ())] for page in pages),
            )
            return [{"VersionId": row["VersionId"]} for rows in ours for row in rows if row["Key"] == key]
        except ClientError as error:
            if is_not_offered(error):
                return [{}]  # this server has no versions
            raise

    def _stored(self, key: str) -> ObjectInfo:
        stored = self.stat(key)
        if stored is None:
            raise StorageError()
        return stored

    def _sign(
        self,
        method: str,
        key: str,
        expires_in: int,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> str:
        with storage_errors("sign", key):
            return self._signer.sign(method, key, expires_in, query=query or {}, headers=headers or {})


class _LeftOpen:
    """A caller's file, which boto3 would close after the transfer."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        if file.seekable():
            self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        pass


class _Body:
    """The body of an answer, whose connection is given back when it is read or closed."""

    def __init__(self, body: Any, key: str) -> None:
        self._body = body
        self._key = key

    def read(self, size: int = -1, /) -> bytes:
        with storage_errors("read", self._key):
            data: bytes = self._body.read(None if size < 0 else size)
        return data

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        self._body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
