"""Which rows own which objects, so that every object in the storage can be traced to one.

This app is lower than those whose rows own objects; each of them registers itself in ``AppConfig.ready``::

    ownership.register("generations", owned_objects)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple


class OwnedObject(NamedTuple):
    """What one row says of one object."""

    key: str
    size_bytes: int | None = None  # None: the row does not know
    # False while the key is only reserved (it is written on the row before the object is), or the object is on its way
    # out: it may be there or not.
    is_written: bool = True


Reader = Callable[[], Iterable[tuple[str, int | None, bool]]]  # as OwnedObject, or plain tuples of its fields

_readers: dict[str, Reader] = {}


def register(name: str, reader: Reader) -> None:
    """Tell which objects an app's rows own.

    Args:
        name: shown to operators, such as ``generations``; registering it again replaces the reader.
        reader: reads the rows anew at each call, by an iterator rather than all at once; empty keys are passed over.
    """
    _readers[name] = reader


def owned_objects() -> Iterator[tuple[str, OwnedObject]]:
    """Every registered app's objects, with the app's name."""
    for name, reader in sorted(_readers.items()):
        for row in reader():
            owned = OwnedObject(*row)
            if owned.key:
                yield name, owned
