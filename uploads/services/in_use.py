"""Which files are needed by something: a recording's dot, a logo. Higher apps know; this app asks them."""

from __future__ import annotations

from collections.abc import Callable, Collection

InUse = Callable[[Collection[int]], set[int]]

_readers: dict[str, InUse] = {}


def register(name: str, is_in_use: InUse) -> None:
    """Tell which of some files are needed; called in ``AppConfig.ready``.

    Args:
        name: registering it again replaces the reader.
        is_in_use: takes ids (integer keys) of files and returns those that may not be deleted; one query, so that a
            list of files asks once.
    """
    _readers[name] = is_in_use


def files_in_use(file_ids: Collection[int]) -> set[int]:
    """Those of the files that some app needs."""
    found: set[int] = set()
    if file_ids:
        for is_in_use in _readers.values():
            found |= is_in_use(file_ids)
    return found
