"""What an object really is: its size, its digest, whether it is what its type says, and whether it does harm."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from uploads import clamd
from uploads.exceptions import Rejected, StorageError
from uploads.inspection import inspect
from uploads.storage import CHUNK_BYTES, ObjectStore
from uploads.storage.local import LocalStore

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Examined:
    bytes: int
    sha256: str  # 64 hexadecimal digits
    duration_ms: int | None  # of what can be heard; None for what has no duration


def examine(objects: ObjectStore, key: str, content_type: str) -> Examined:
    """Look at an object in the storage, in constant memory.

    Raises:
        Rejected: it is not what its type says, or a virus was found.
        ObjectNotFound, StorageError: it could not be read to its end, or this machine's disk is full.
        ServiceUnavailable: scanner or checking process did not answer in time.
    """
    with as_file(objects, key) as file:
        return examine_file(file, content_type)


def examine_file(file: BinaryIO, content_type: str) -> Examined:
    """As ``examine``, for an open file that can be sought in; its position does not matter."""
    with _disk_errors(), _with_descriptor(file) as real:
        found = inspect(real, content_type)
        real.seek(0)
        digest = hashlib.sha256()
        size = 0
        while chunk := real.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
        if settings.CLAMD_URL:
            real.seek(0)
            if clamd.scan(real) is not None:
                raise Rejected(_("A virus was found in this file."))
    return Examined(bytes=size, sha256=digest.hexdigest(), duration_ms=found.duration_ms)


@contextlib.contextmanager
def as_file(objects: ObjectStore, key: str) -> Iterator[BinaryIO]:
    """The object as a file on this machine: its own where it has one, else a copy for as long as it is needed.

    Raises:
        ObjectNotFound, StorageError: it could not be read to its end, or copied.
    """
    if isinstance(objects, LocalStore):
        file, _info = objects.open_file(key)
        with file:
            yield file
        return
    with contextlib.ExitStack() as opened:
        with _disk_errors():
            copy = opened.enter_context(_temporary_file())
            with objects.open(key) as stream:
                for chunk in stream:
                    copy.write(chunk)
            copy.flush()
        yield copy


@contextlib.contextmanager
def _with_descriptor(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file, or a copy of it where it has no descriptor that a process could be given (a small form's)."""
    try:
        file.fileno()
    except (AttributeError, io.UnsupportedOperation):
        with _temporary_file() as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy, CHUNK_BYTES)
            copy.flush()
            yield copy
    else:
        yield file


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    """What this machine's own disk refuses, full as it may be, as the storage's error: it may pass."""
    try:
        yield
    except OSError as error:
        logger.warning("a file could not be copied to be looked at: %s", error.strerror or type(error).__name__)
        raise StorageError from error


def _temporary_file() -> BinaryIO:
    # On the volume of everything else: the system's own folder may be in memory, and objects are large.
    folder = Path(settings.VAR_DIR) / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder)
