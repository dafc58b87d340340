"""Do storage and rows agree? Every object belongs to one row, and every row's object is there."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from uploads.ownership import owned_objects
from uploads.storage import ObjectInfo, ObjectStore

_BATCH = 1_000


@dataclass(frozen=True)
class Missing:
    """A row says that an object is there, and it is not."""

    owner: str
    key: str


@dataclass(frozen=True)
class WrongSize:
    owner: str
    key: str
    row_bytes: int
    object_bytes: int


@dataclass
class Faults:
    """What a check found. Each list is in the order of the keys."""

    objects: int = 0  # how many were looked at
    orphans: list[ObjectInfo] = field(default_factory=list)  # objects that no row owns
    missing: list[Missing] = field(default_factory=list)
    wrong_sizes: list[WrongSize] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)  # keys that several rows own

    def __bool__(self) -> bool:
        return bool(self.orphans or self.missing or self.wrong_sizes or self.shared)


def find_faults(store: ObjectStore) -> Faults:
    """Compare every object with every row, while both change.

    Objects are listed before rows are read: a key is on its row before its object is written, so whatever was listed
    has an owner by then. What came or went in between is looked at once more before it is called a fault. The lists
    meet in a temporary database file, as there may be millions of them.
    """
    with _workbench() as bench:
        _insert(bench, "object", ((each.key, each.size_bytes) for each in store.keys("")))
        _insert(
            bench,
            "owned",
            ((owner, each.key, each.size_bytes, each.is_written) for owner, each in owned_objects()),
        )
        faults = Faults(objects=bench.execute("SELECT count(*) FROM object").fetchone()[0])
        faults.orphans = [
            info
            for (key,) in bench.execute(
                "SELECT key FROM object WHERE key NOT IN (SELECT key FROM owned) ORDER BY key"
            ).fetchall()
            if (info := store.stat(key)) is not None
        ]
        faults.missing = [
            Missing(owner, key)
            for owner, key in bench.execute(
                "SELECT owner, key FROM owned WHERE is_written AND key NOT IN (SELECT key FROM object) ORDER BY key"
            ).fetchall()
            if store.stat(key) is None
        ]
        faults.wrong_sizes = [
            WrongSize(owner, key, row_bytes, info.size_bytes)
            for owner, key, row_bytes in bench.execute(
                "SELECT owner, owned.key, owned.size FROM owned JOIN object USING (key)"
                " WHERE is_written AND owned.size <> object.size ORDER BY key"
            ).fetchall()
            if (info := store.stat(key)) is not None and info.size_bytes != row_bytes
        ]
        # What is to be deleted is reserved, not written: it may still stand on the row that let go of it.
        faults.shared = [
            key
            for (key,) in bench.execute(
                "SELECT key FROM owned WHERE is_written GROUP BY key HAVING count(*) > 1 ORDER BY key"
            )
        ]
        return faults


def delete_orphans(
    store: ObjectStore, orphans: list[ObjectInfo], *, older_than: timedelta = timedelta(hours=1)
) -> list[str]:
    """Delete objects that no row owns; returns the keys of those deleted.

    Younger ones are left alone: deleting is final, and an hour later it is as easy.
    """
    limit = datetime.now(UTC) - older_than
    deleted = [orphan.key for orphan in orphans if orphan.modified_at < limit]
    for key in deleted:
        store.delete(key)
    return deleted


@contextmanager
def _workbench() -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory(prefix="micdots-") as folder:
        bench = sqlite3.connect(Path(folder) / "check.sqlite3")
        try:
            bench.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
                "CREATE TABLE object (key TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID;"
                "CREATE TABLE owned (owner TEXT, key TEXT, size INTEGER, is_written INTEGER);"
                "CREATE INDEX owned_key ON owned (key);"
            )
            yield bench
        finally:
            bench.close()


def _insert(bench: sqlite3.Connection, table: str, rows: Iterator[tuple[object, ...]]) -> None:
    while batch := list(islice(rows, _BATCH)):
        places = ", ".join("?" * len(batch[0]))
        bench.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({places})", batch)  # noqa: S608 - our own names
