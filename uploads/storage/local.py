"""Objects as plain files below one folder, served by MicDots itself: the embedded default.

An object is written aside on the same volume, forced to disk, and renamed into place: whoever looks sees the old one,
the new one or none, also after ``kill -9``, a full disk or a power cut.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, Self
from urllib.parse import urlencode, urlsplit

from django.urls import reverse

from uploads.exceptions import ObjectNotFound
from uploads.storage.base import CHUNK_BYTES, ObjectInfo, ObjectStream, PresignedPut, SignedUrl, StoredPart
from uploads.storage.content_types import check_type
from uploads.storage.keys import check_key, check_prefix
from uploads.storage.local_files import info_of, make_folder, storage_errors, sync_folder
from uploads.storage.local_parts import LocalParts
from uploads.storage.receiving import receive
from uploads.storage.signing import Grant, Permission

# Starts with a dot, as no key does: what is in it is not an object yet.
_INCOMING, _PARTS = ".incoming", ".parts"
_MIN_FREE_BYTES = 32 * 1024 * 1024


class LocalStore:
    name = "local"

    def __init__(self, *, folder: Path, site_url: str) -> None:
        """``folder`` is made when the first object is written; ``site_url`` is where this installation is reached."""
        self._folder = folder
        self._incoming = folder / _INCOMING
        self._parts = LocalParts(folder=folder / _PARTS, incoming=self._incoming)
        self._site_url = site_url.rstrip("/")

    @property
    def origin(self) -> str:
        parts = urlsplit(self._site_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def bucket(self) -> str:
        return self.name

    def put(self, key: str, body: bytes | BinaryIO, content_type: str) -> ObjectInfo:
        path = self._path(key)
        check_type(key, content_type)
        draft = self._incoming / uuid.uuid4().hex
        with storage_errors("put", key):
            try:
                self._incoming.mkdir(parents=True, exist_ok=True)
                with draft.open("xb") as file:
                    if isinstance(body, bytes):
                        file.write(body)
                    else:
                        shutil.copyfileobj(body, file, CHUNK_BYTES)
                    file.flush()
                    os.fsync(file.fileno())
                    status = os.fstat(file.fileno())
                make_folder(path.parent)
                draft.replace(path)
                sync_folder(path.parent)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        return info_of(key, status)

    def open(self, key: str, start: int | None = None, end: int | None = None) -> ObjectStream:
        file, info = self.open_file(key)
        first = min(start or 0, info.size_bytes)
        last = info.size_bytes if end is None else min(end, info.size_bytes)
        return FileRange(file, first, last)

    def open_file(self, key: str) -> tuple[BinaryIO, ObjectInfo]:
        """The object's file and what is known of exactly this one, also if it is replaced meanwhile."""
        path = self._path(key)
        with storage_errors("open", key):
            # Not buffered: every reader takes large pieces. Folders cannot be opened, so a part of a key is not found.
            file = open(path, "rb", buffering=0)  # noqa: SIM115 - the caller closes it
            return file, info_of(key, os.fstat(file.fileno()))

    def stat(self, key: str) -> ObjectInfo | None:
        path = self._path(key)
        try:
            with storage_errors("stat", key):
                status = path.stat()
                return info_of(key, status) if stat.S_ISREG(status.st_mode) else None
        except ObjectNotFound:
            return None

    def delete(self, key: str) -> None:
        path = self._path(key)
        with contextlib.suppress(ObjectNotFound), storage_errors("delete", key):
            path.unlink()

    def keys(self, prefix: str = "") -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        with storage_errors("list", prefix):
            yield from self._walk(self._folder / prefix.rpartition("/")[0], prefix)

    def _walk(self, folder: Path, prefix: str) -> Iterator[ObjectInfo]:
        try:
            entries = list(os.scandir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            key = Path(entry.path).relative_to(self._folder).as_posix()
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                # A folder on the way to the prefix or below it; the others hold nothing that was asked for.
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._walk(Path(entry.path), prefix)
            elif key.startswith(prefix):
                with contextlib.suppress(FileNotFoundError):  # deleted since the folder was read
                    yield info_of(key, entry.stat(follow_symlinks=False))

    def signed_url(
        self, key: str, expires_in: int, file_name: str | None = None, content_type: str | None = None
    ) -> SignedUrl:
        # Ends are rounded up to the half of the life: within one half every process signs the same address.
        step = max(1, expires_in // 2)
        expires = (int(time.time()) // step + 1) * step + expires_in
        permission = Permission("GET", check_key(key), expires, file_name or "", content_type or "")
        path = reverse("uploads:media", args=[key])
        return SignedUrl(
            url=f"{self._site_url}{path}?{urlencode(permission.query())}",
            expires_at=datetime.fromtimestamp(expires, UTC),
        )

    def url(self, key: str, expires_in: int, file_name: str | None = None, content_type: str | None = None) -> str:
        return self.signed_url(key, expires_in, file_name, content_type).url

    def presign_put(self, key: str, content_type: str, length: int | None, expires_in: int) -> PresignedPut:
        check_key(key)
        check_type(key, content_type)
        expires = int(time.time()) + expires_in
        headers = {"Content-Type": content_type, "If-None-Match": "*"}
        if length is not None:
            headers["Content-Length"] = str(length)
        return PresignedPut(
            url=self._upload_url(Grant(key, expires, headers)),
            headers=headers,
            expires_at=datetime.fromtimestamp(expires, UTC),
        )

    def receive(self, key: str, body: IO[bytes], length: int) -> ObjectInfo:
        """Keep what a client puts: the whole object or nothing, and never over another.

        Args:
            body: read in chunks, ``length`` bytes of it.

        Raises:
            AlreadyThere: there is an object under this key.
            UnderWay: another PUT of the same key has not ended.
            Incomplete: the client hung up.
        """
        path = self._path(key)
        with storage_errors("receive", key):
            return receive(key, path, self._incoming, body, length)

    def create_multipart(self, key: str, content_type: str) -> str:
        check_key(key)
        check_type(key, content_type)
        with storage_errors("put", key):
            return self._parts.create(key)

    def presign_part(
        self, key: str, upload_id: str, part_number: int, length: int | None, expires_in: int
    ) -> SignedUrl:
        expires = int(time.time()) + expires_in
        signed = {} if length is None else {"Content-Length": str(length)}
        grant = Grant(check_key(key), expires, signed, upload_id, part_number)
        return SignedUrl(url=self._upload_url(grant), expires_at=datetime.fromtimestamp(expires, UTC))

    def receive_part(self, key: str, upload_id: str, part_number: int, body: IO[bytes], length: int) -> str:
        """Keep a part that a client puts; returns its ETag, without quotes.

        Raises:
            ObjectNotFound: there is no such upload.
            Incomplete: the client hung up.
        """
        with storage_errors("open", check_key(key)):
            return self._parts.receive(key, upload_id, part_number, body, length)

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        with storage_errors("open", check_key(key)):
            return self._parts.stored(key, upload_id)

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> ObjectInfo:
        path = self._path(key)
        with storage_errors("open", key):
            return self._parts.complete(key, upload_id, parts, path)

    def abort_multipart(self, key: str, upload_id: str) -> None:
        with storage_errors("delete", check_key(key)):
            self._parts.abort(key, upload_id)

    def _upload_url(self, grant: Grant) -> str:
        path = reverse("uploads:media", args=[grant.key])
        return f"{self._site_url}{path}?{urlencode(grant.query())}"

    def check(self) -> None:
        probe = self._incoming / f"probe-{uuid.uuid4().hex}"
        with storage_errors("check", ""):
            self._incoming.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()
            if shutil.disk_usage(self._folder).free < _MIN_FREE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def remove_unfinished(self, *, older_than_seconds: float) -> int:
        removed = 0
        with storage_errors("sweep", ""):
            for entry in os.scandir(self._incoming) if self._incoming.is_dir() else ():
                with contextlib.suppress(FileNotFoundError):
                    if entry.stat().st_mtime < time.time() - older_than_seconds:
                        os.unlink(entry.path)
                        removed += 1
            removed += self._parts.remove_older(time.time() - older_than_seconds)
        return removed

    def _path(self, key: str) -> Path:
        return self._folder / check_key(key)


class FileRange:
    """The bytes of an open file from ``first`` up to but not including ``last``; closing it closes the file."""

    def __init__(self, file: BinaryIO, first: int, last: int) -> None:
        self._file = file
        self._left = max(0, last - first)
        file.seek(first)

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        parts = []
        while wanted:
            with storage_errors("read", ""):
                part = self._file.read(wanted)
            if not part:  # the file was cut by somebody else: end where it ends
                self._left = 0
                break
            parts.append(part)
            wanted -= len(part)
            self._left -= len(part)
        return b"".join(parts)

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
