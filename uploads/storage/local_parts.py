"""Multipart uploads in the local storage, as S3 has them: parts in any order, each again if need be, then put together.

An upload is a folder named by its id, with a note of its key and a file a part. The last 16 bytes of a part's file are
the MD5 of the part, which is its ETag; so a part and its ETag come and go in one rename.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from uploads.exceptions import InvalidParts
from uploads.storage.base import ObjectInfo, StoredPart
from uploads.storage.local_files import copy_bytes, make_folder, open_alone, sync_folder
from uploads.storage.receiving import copy_body, draft_of, put_in_place

MIN_PART_BYTES = 5 * 1024 * 1024  # as on S3; the last one may be smaller
MAX_PART_NUMBER = 10_000
_ID = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"[0-9]{5}")
_NOTE = "key"
_DIGEST_BYTES = 16


class LocalParts:
    def __init__(self, *, folder: Path, incoming: Path) -> None:
        """``folder`` is where uploads under way are kept, ``incoming`` where drafts are written, on the same volume."""
        self._folder = folder
        self._incoming = incoming

    def create(self, key: str) -> str:
        upload_id = uuid.uuid4().hex
        folder = self._folder / upload_id
        make_folder(folder)
        (folder / _NOTE).write_text(key)
        sync_folder(folder)
        return upload_id

    def receive(self, key: str, upload_id: str, number: int, body: IO[bytes], length: int) -> str:
        if not 1 <= number <= MAX_PART_NUMBER:
            raise ValueError("not a part number")
        folder = self._folder_of(key, upload_id)
        self._incoming.mkdir(parents=True, exist_ok=True)
        draft = self._incoming / uuid.uuid4().hex
        digest = hashlib.md5(usedforsecurity=False)
        try:
            with open(draft, "xb", buffering=0) as file:
                copy_body(body, file, length, digest)
                file.write(digest.digest())
                os.fsync(file.fileno())
            draft.replace(folder / f"{number:05d}")  # the folder is gone when the upload was aborted meanwhile
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return digest.hexdigest()

    def stored(self, key: str, upload_id: str) -> list[StoredPart]:
        folder = self._folder_of(key, upload_id)
        return [_part(path) for path in sorted(folder.iterdir()) if _PART.fullmatch(path.name)]

    def complete(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]], path: Path) -> ObjectInfo:
        folder = self._folder_of(key, upload_id)
        self._incoming.mkdir(parents=True, exist_ok=True)
        draft = draft_of(key, self._incoming)
        with open_alone(draft) as file:
            if path.exists():
                # Put together before, and ended between that and tidying up.
                shutil.rmtree(folder, ignore_errors=True)
                raise FileNotFoundError(upload_id)
            there = {part.part_number: part for part in self.stored(key, upload_id)}
            chosen = [(there.get(number), etag) for number, etag in parts]
            for place, (part, etag) in enumerate(chosen, start=1):
                if part is None or part.etag != etag.strip('"').lower():
                    raise InvalidParts
                if place < len(chosen) and part.size_bytes < MIN_PART_BYTES:
                    raise InvalidParts
            if not chosen:
                raise InvalidParts
            for number, _etag in parts:
                with open(folder / f"{number:05d}", "rb", buffering=0) as source:
                    copy_bytes(source, file, os.fstat(source.fileno()).st_size - _DIGEST_BYTES)
            info = put_in_place(key, file, draft, path)
        shutil.rmtree(folder, ignore_errors=True)
        return info

    def abort(self, key: str, upload_id: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._folder_of(key, upload_id))

    def remove_older(self, limit: float) -> int:
        """Remove uploads to which nothing was added since ``limit`` (seconds since 1970); returns how many."""
        removed = 0
        for entry in os.scandir(self._folder) if self._folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                if entry.stat().st_mtime < limit:
                    shutil.rmtree(entry.path)
                    removed += 1
        return removed

    def _folder_of(self, key: str, upload_id: str) -> Path:
        """Raises FileNotFoundError for an upload that is over, never was, or is of another key."""
        folder = self._folder / upload_id
        if not _ID.fullmatch(upload_id) or (folder / _NOTE).read_text() != key:
            raise FileNotFoundError(upload_id)
        return folder


def _part(path: Path) -> StoredPart:
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size - _DIGEST_BYTES
        file.seek(size)
        return StoredPart(part_number=int(path.name), etag=file.read(_DIGEST_BYTES).hex(), size_bytes=size)
