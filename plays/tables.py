"""Many rows with few statements, for taking in what a crowd does: there the ORM would cost more than the database.

Values are Python's own; what comes from a cursor is read with the functions at the end, because SQLite keeps ids,
days and instants as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models

T = TypeVar("T")

_CHUNK = 500  # rows in one statement; SQLite takes 32,766 values
_ARRAY = 5_000  # rows in one statement, where they come as arrays


def chunks(items: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def table(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def write(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], on_conflict: str = ""
) -> None:
    """Insert rows.

    Args:
        columns: their names in the database.
        on_conflict: what follows the values, ``ON CONFLICT …``. No two of the rows may be in conflict with each other.
    """
    head = f"INSERT INTO {table(model)} ({', '.join(columns)})"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # the statement is read once
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"{head} VALUES ({places}) {on_conflict}", [_stored(row) for row in rows])
            return
        fields = {field.column: field for field in model._meta.concrete_fields}
        kinds = [str(fields[column].db_type(connection)) for column in columns]
        for some in chunks(rows, _ARRAY):
            # A list for each column: a place for each value takes psycopg longer to read than PostgreSQL to write.
            cursor.execute(f"{head} SELECT * FROM {_unnest(kinds)} {on_conflict}", _columnwise(some))  # noqa: S608 - our own


def adding(columns: Sequence[str], model: type[models.Model]) -> str:
    """For ``ON CONFLICT … DO UPDATE SET``: add the new numbers to those that are there."""
    return ", ".join(f"{column} = {table(model)}.{column} + excluded.{column}" for column in columns)


def execute_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """The same statement for each of a few rows."""
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(statement, _stored(row) if connection.vendor == "sqlite" else row)


def matching(statement: str, columns: Sequence[str], keys: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """The rows that a SELECT finds for many keys of several columns.

    Args:
        statement: selects ``FROM wanted CROSS JOIN …``, with ``wanted`` a table of the keys.
        columns: the names of its columns.
    """
    if connection.vendor == "sqlite":
        place = f"({', '.join(['%s'] * len(columns))})"
        for some in chunks(keys):
            values = [value for key in some for value in _stored(key)]
            yield from _found(columns, f"VALUES {', '.join([place] * len(some))}", statement, values)
        return
    for some in chunks(keys, _ARRAY):
        kinds = [_KINDS[type(value)] for value in some[0]]
        wanted = f"SELECT * FROM {_unnest(kinds)}"  # noqa: S608 - names of types
        yield from _found(columns, wanted, statement, _columnwise(some))


def _found(columns: Sequence[str], wanted: str, statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"WITH wanted({', '.join(columns)}) AS ({wanted}) {statement}", values)
        return list(cursor.fetchall())


# --- PostgreSQL's arrays ----------------------------------------------------------------------------------------------

_KINDS: dict[type, str] = {int: "bigint", str: "text", date: "date", datetime: "timestamptz", UUID: "uuid"}


def _unnest(kinds: Sequence[str]) -> str:
    return f"unnest({', '.join(f'%s::{kind}[]' for kind in kinds)})"


def _columnwise(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [list(column) for column in zip(*rows, strict=True)]


# --- SQLite's way of keeping values, which is Django's on SQLite ----------------------------------------------------


def _instant(value: datetime) -> str:
    return str(value.astimezone(UTC).replace(tzinfo=None))


_STORED: dict[type, Callable[[Any], Any]] = {UUID: lambda value: value.hex, datetime: _instant, date: date.isoformat}


def _stored(row: Sequence[Any]) -> list[Any]:
    return [_STORED[type(value)](value) if type(value) in _STORED else value for value in row]


def as_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def as_instant(value: Any) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value).replace(tzinfo=UTC)


def as_day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
