"""What every object store can do: the one door through which bytes go in and out.

Callers know keys, never paths or buckets. Which store answers is a matter of settings (see ``registry``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Protocol, Self

CHUNK_BYTES = 256 * 1024  # what is held in memory of an object at a time
# What browsers may do with an object: keep it for themselves, and ask after five minutes whether it is still the same.
CACHE_CONTROL = "private, max-age=300"


@dataclass(frozen=True)
class ObjectInfo:
    """What the storage knows of one object."""

    key: str
    size_bytes: int
    content_type: str  # in listings: the type that the key's extension stands for
    etag: str  # without quotes; changes whenever the object does
    modified_at: datetime  # aware, UTC


@dataclass(frozen=True)
class SignedUrl:
    """An address that needs no credentials until it expires."""

    url: str  # absolute
    expires_at: datetime  # aware, UTC


@dataclass(frozen=True)
class PresignedPut:
    """An address that takes one object, once, until it expires."""

    url: str  # absolute
    headers: dict[str, str]  # signed: the PUT has to carry exactly these, in any letter case
    expires_at: datetime  # aware, UTC


@dataclass(frozen=True)
class StoredPart:
    """One part of a multipart upload that has arrived."""

    part_number: int  # 1 to 10,000
    etag: str  # without quotes
    size_bytes: int


class ObjectStream(Protocol):
    """An open object, or a range of one. Reading raises ``StorageError`` when the storage fails in the middle."""

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...

    def __iter__(self) -> Iterator[bytes]:
        """Chunks of at most ``CHUNK_BYTES``."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class ObjectStore(Protocol):
    """One place that keeps objects under keys.

    Every method raises ``StorageError`` when the storage cannot be reached or refuses, and ``ValueError`` for a key
    that ``keys.check_key`` does not allow.
    """

    name: str  # "local" or "s3"; shown to operators

    @property
    def origin(self) -> str:
        """Scheme and host of the addresses that ``url`` gives, for a Content-Security-Policy."""
        ...

    @property
    def bucket(self) -> str:
        """The bucket's name, as it is told to API clients; ``local`` where there is none."""
        ...

    def put(self, key: str, body: bytes | BinaryIO, content_type: str) -> ObjectInfo:
        """Write the whole object, or nothing; an object that is there under this key is replaced in one step.

        Args:
            key: made by ``new_key``.
            body: bytes, or an open binary file, which is read to its end in chunks and left open.
            content_type: what the object is served as; one of the types that the key's extension can stand for.

        Returns:
            What is stored now; its size tells how much there was to read in ``body``.

        Raises:
            StorageError: nothing was written, and what was there before still is.
        """
        ...

    def open(self, key: str, start: int | None = None, end: int | None = None) -> ObjectStream:
        """Read an object, or its bytes from ``start`` up to but not including ``end`` (both counted from 0).

        A range that begins behind the end gives no bytes.

        Raises:
            ObjectNotFound: there is no such object.
        """
        ...

    def stat(self, key: str) -> ObjectInfo | None:
        """What is there under this key, or None."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object. Not being there is no error."""
        ...

    def keys(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object whose key starts with ``prefix``, in no promised order, without holding them all in memory."""
        ...

    def signed_url(
        self, key: str, expires_in: int, file_name: str | None = None, content_type: str | None = None
    ) -> SignedUrl:
        """An address that answers GET with and without ``Range`` to anybody, and 403 once it has expired.

        The same call gives the same address for a while, so that browsers and proxies can cache what they got: it
        lives for at least ``expires_in`` and at most one and a half times as long; ``expires_at`` says when it ends.
        The object need not be there.

        Args:
            expires_in: seconds, 1 to 302,400 (3.5 days).
            file_name: when given, the answer is a download under this name (any Unicode); else it is shown in place.
            content_type: when given, the answer says this type instead of the object's own.
        """
        ...

    def url(self, key: str, expires_in: int, file_name: str | None = None, content_type: str | None = None) -> str:
        """The address alone of ``signed_url``."""
        ...

    def presign_put(self, key: str, content_type: str, length: int | None, expires_in: int) -> PresignedPut:
        """An address to which anybody can PUT this object, once. Signs without a request.

        The storage refuses it once it has expired (403), for another key or another type (403), where an object is
        there already (412) or another PUT is under way (409), and, when ``length`` is given, for a body of any other
        length (403).

        Args:
            content_type: signed; one of the types that the key's extension can stand for.
            length: bytes; None leaves it open.
            expires_in: seconds, 1 to 604,800.
        """
        ...

    def create_multipart(self, key: str, content_type: str) -> str:
        """Begin an upload in parts; returns the storage's id of it. Nothing is there under the key until it ends."""
        ...

    def presign_part(
        self, key: str, upload_id: str, part_number: int, length: int | None, expires_in: int
    ) -> SignedUrl:
        """An address for the PUT of one part, as often as one likes: the last one counts. Signs without a request.

        Args:
            part_number: 1 to 10,000.
            length: bytes of this part, signed; None leaves it open.
        """
        ...

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """The parts that have arrived, by number.

        Raises:
            ObjectNotFound: the upload has ended, by completion or abort, or never was.
        """
        ...

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> ObjectInfo:
        """Put the parts together, in this order, as one object; the upload is over then.

        Args:
            parts: number (rising) and ETag of each, with or without its quotes.

        Raises:
            InvalidParts: a part is not there, its ETag is another, or one but the last is too small; it goes on.
            ObjectNotFound: the upload has ended, by completion or abort, or never was.
        """
        ...

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Drop an upload with its parts. Having ended already is no error."""
        ...

    def remove_unfinished(self, *, older_than_seconds: float) -> int:
        """Clear away what killed processes left half-written, which is no object; returns how many that were.

        Args:
            older_than_seconds: longer than the slowest ``put`` takes, or one under way would be lost.
        """
        ...

    def check(self) -> None:
        """Try whether objects could be written and read now; cheap enough for a readiness probe.

        Raises:
            StorageError: they could not.
        """
        ...
