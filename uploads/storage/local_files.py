"""Plain files for the local storage: on disk when it says so, and their errors as the storage's own."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from uploads.exceptions import ObjectNotFound, StorageError
from uploads.storage.base import CHUNK_BYTES, ObjectInfo
from uploads.storage.content_types import type_of_key

logger = logging.getLogger(__name__)

# Nothing here passes by waiting; a person has to change something.
_PERMANENT = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}


class UnderWay(Exception):
    """Somebody else is writing under this name right now."""


def info_of(key: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size_bytes=status.st_size,
        content_type=type_of_key(key),
        # A replaced object is a new file, so its inode or its time differs even when the size does not.
        etag=f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}",
        modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
    )


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and have their entries on disk: a file in a lost folder is lost."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def storage_errors(action: str, key: str) -> Iterator[None]:
    """What the operating system refuses, as the storage's own errors."""
    try:
        yield
    except OSError as error:
        if action in ("open", "stat", "delete") and isinstance(
            error, FileNotFoundError | IsADirectoryError | NotADirectoryError
        ):
            raise ObjectNotFound() from error
        logger.warning("local storage could not %s %s: %s", action, key, error.strerror)
        raise StorageError(permanent=error.errno in _PERMANENT) from error


@contextlib.contextmanager
def open_alone(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, as the only one in all threads and processes; what was in it before is gone.

    The lock is the system's: it ends with the process, however that ends. The file may be renamed while it is held;
    what is left under ``path`` at the end is removed.

    Raises:
        UnderWay: somebody else has it.
    """
    while True:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UnderWay from None
            # Between opening and locking the former holder may have renamed or removed it: then it is not ours.
            if not _is_same(file, path):
                continue
            try:
                file.truncate(0)
                yield file
            finally:
                if _is_same(file, path):
                    path.unlink(missing_ok=True)
            return


def _is_same(file: IO[bytes], path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(file.fileno())
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


def copy_bytes(source: IO[bytes], target: IO[bytes], count: int) -> None:
    """Append the next ``count`` bytes of one file to another, inside of the kernel where it can."""
    while count:
        try:
            done = os.copy_file_range(source.fileno(), target.fileno(), count)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF):
                raise
            part = source.read(min(count, CHUNK_BYTES))
            done = target.write(part)
        if not done:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        count -= done
