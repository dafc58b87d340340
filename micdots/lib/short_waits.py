"""Waiting for a busy database no longer than somebody who waits for the answer can bear."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import DatabaseError, connection


@contextlib.contextmanager
def short_wait(seconds: float) -> Iterator[None]:
    """Let the database give up soon when others hold what is wanted: then what is done within raises OperationalError.

    Args:
        seconds: the longest that one statement waits for a lock. SQLite has one lock for all writing, and its usual
            time is for work in the background; PostgreSQL would wait without end.
    """
    milliseconds = max(1, int(seconds * 1000))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout")
            (usual,) = cursor.fetchone()
            cursor.execute(f"PRAGMA busy_timeout={milliseconds}")
            change_back = f"PRAGMA busy_timeout={usual}"
        else:
            cursor.execute(f"SET lock_timeout={milliseconds}")
            change_back = "SET lock_timeout=DEFAULT"
    try:
        yield
    finally:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(change_back)
