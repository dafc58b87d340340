"""Bytes that clients put into the local storage: streamed to disk, whole or not at all, never over another object."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO, Any

from uploads.storage.base import CHUNK_BYTES, ObjectInfo
from uploads.storage.local_files import info_of, make_folder, open_alone, sync_folder


class AlreadyThere(Exception):
    """There is an object under this key; an address works once."""


class Incomplete(Exception):
    """Fewer bytes came than were announced."""


def receive(key: str, path: Path, incoming: Path, body: IO[bytes], length: int) -> ObjectInfo:
    """Write ``length`` bytes of ``body`` to ``path``; see ``LocalStore.receive``."""
    if path.exists():
        raise AlreadyThere
    incoming.mkdir(parents=True, exist_ok=True)
    # One draft a key: whoever has it open is the only one who is putting this object.
    with open_alone(draft_of(key, incoming)) as file:
        if path.exists():
            raise AlreadyThere
        copy_body(body, file, length)
        return put_in_place(key, file, draft_of(key, incoming), path)


def draft_of(key: str, incoming: Path) -> Path:
    """Where an object is written before it is one."""
    return incoming / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.put"


def copy_body(body: IO[bytes], file: IO[bytes], length: int, digest: Any = None) -> None:
    """Copy exactly ``length`` bytes, a chunk at a time; ``digest`` is told of each. Raises Incomplete for fewer."""
    left = length
    while left:
        chunk = body.read(min(left, CHUNK_BYTES))
        if not chunk:
            raise Incomplete
        if digest is not None:
            digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[file.write(view) :]
        left -= len(chunk)


def put_in_place(key: str, file: IO[bytes], draft: Path, path: Path) -> ObjectInfo:
    """Have a draft on disk and call it by its name, for good. Whoever holds the draft holds the key."""
    os.fsync(file.fileno())
    make_folder(path.parent)
    draft.replace(path)
    sync_folder(path.parent)
    return info_of(key, os.fstat(file.fileno()))
