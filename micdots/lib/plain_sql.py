"""Rows without the ORM's compiler, for what nearly every call of the API does.

Django writes the SQL of a query anew each time, which takes three times as long as the query itself. These few helpers
keep the text and leave the rest to Django: columns, values and types are the models' own. Use them where a benchmark
says so (docs/benchmarks.md), and the ORM everywhere else. Signals are not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models

Row = TypeVar("Row", bound=models.Model)
_Converter = Callable[[Any, Any, Any], Any]


def columns(model: type[models.Model], table: str) -> str:
    """Every column of a model, quoted and in the order that ``row_of`` takes, for a SELECT from ``table``."""
    return ", ".join(f"{_quoted(table)}.{_quoted(field.column)}" for field in model._meta.concrete_fields)


def row_of(model: type[Row], values: Sequence[Any]) -> Row:
    """The instance that these values stand for, as the database gave them for ``columns``."""
    connection = connections[DEFAULT_DB_ALIAS]
    converted = list(values)
    for place, expression, converters in _converters(model, connection.vendor):
        for convert in converters:
            converted[place] = convert(converted[place], expression, connection)
    return model.from_db(DEFAULT_DB_ALIAS, _names(model), converted)


def insert(row: models.Model) -> None:
    """Write a new row with one statement and give it its key, as ``save`` does.

    Raises:
        IntegrityError: as ``save``.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    sql, fields = _insert(type(row), connection.vendor)
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@lru_cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@lru_cache
def _converters(model: type[models.Model], _vendor: str) -> list[tuple[int, Any, list[_Converter]]]:
    """What turns a database's values into the model's: place of the column, its expression, functions."""
    connection = connections[DEFAULT_DB_ALIAS]
    found = []
    for place, field in enumerate(model._meta.concrete_fields):
        expression = field.get_col(model._meta.db_table)
        needed = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if needed:
            found.append((place, expression, cast(list[_Converter], needed)))
    return found


@lru_cache
def _insert(model: type[models.Model], _vendor: str) -> tuple[str, list[models.Field[Any, Any]]]:
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    names = ", ".join(_quoted(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table, key = _quoted(model._meta.db_table), _quoted(model._meta.pk.column)
    return f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING {key}", fields  # noqa: S608 - names of our own


def _quoted(name: str | None) -> str:
    # Django's annotation allows for columns without a name, which concrete fields do not have.
    return str(connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name)))
