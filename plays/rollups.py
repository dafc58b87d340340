"""Writing the roll-ups: adding to them what :class:`plays.contributions.Changes` says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models

from plays import tables
from plays.contributions import ATTRIBUTES, MEASURES, Changes
from plays.models import DayFigures, DayShare, HourFigures
from plays.retention import hours_since

# Of one dimension of a dot's day. Referrers are what anybody sends; a flood of them shares one row.
VALUES_A_DAY = 200
OTHER = "other"

Share = tuple[int, date, str, str, str]  # dot, day, language, dimension, value


def apply(changes: Changes, *, zones: Mapping[int, ZoneInfo], now: datetime) -> None:
    """Add the changes to the roll-ups of days, hours and shares. Within a transaction.

    Args:
        zones: in which the days were cut, by dot.
        now: hours that are not kept any more are not written again.
    """
    days = {(dot_id, day, language, zones[dot_id].key): row for (dot_id, day, language), row in changes.days.items()}
    _add(DayFigures, ("dot_id", "day", "language"), ("zone",), days)
    oldest = hours_since(now)
    hours = {key: row for key, row in changes.hours.items() if key[1] >= oldest}
    _add(HourFigures, ("dot_id", "hour", "language"), (), hours)
    _add_shares({key: count for key, count in changes.shares.items() if count})


def _add(
    model: type[models.Model],
    key: Sequence[str],
    more: Sequence[str],
    changes: Mapping[tuple[Any, ...], list[int]],
) -> None:
    """Add to the rows with these keys; where there is none, it is made with ``more`` as well."""
    added = [(*names, *(max(number, 0) for number in row)) for names, row in changes.items() if max(row) > 0]
    taken = [(*_twice(row), *names[: len(key)]) for names, row in changes.items() if min(row) < 0]
    tables.write(
        model,
        (*key, *more, *MEASURES),
        sorted(added),  # in one order, so that nobody waits for somebody who waits for them
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {tables.adding(MEASURES, model)}",
    )
    tables.execute_many(
        f"UPDATE {tables.table(model)} SET {', '.join(_less(name) for name in MEASURES)}"  # noqa: S608 - our own names
        f" WHERE {' AND '.join(f'{name} = %s' for name in key)}",
        taken,
    )


def _less(column: str) -> str:
    # Never below zero, which a column would refuse: between a change of zone and the rebuilding, days may not match.
    return f"{column} = CASE WHEN {column} > %s THEN {column} - %s ELSE 0 END"


def _twice(row: Sequence[int]) -> list[int]:
    return [number for change in row for number in [max(-change, 0)] * 2]


def _add_shares(changes: Mapping[Share, int]) -> None:
    bounded = _bounded(changes)
    key = ("dot_id", "day", "language", "dimension", "value")
    tables.write(
        DayShare,
        (*key, "count"),
        sorted((*names, count) for names, count in bounded.items() if count > 0),
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {tables.adding(['count'], DayShare)}",
    )
    tables.execute_many(
        f"UPDATE {tables.table(DayShare)} SET {_less('count')}"  # noqa: S608 - names of our own
        f" WHERE {' AND '.join(f'{name} = %s' for name in key)}",
        [(-count, -count, *names) for names, count in bounded.items() if count < 0],
    )


def _bounded(changes: Mapping[Share, int]) -> dict[Share, int]:
    """The same, with values that a day has no room for any more together under ``OTHER``."""
    values: defaultdict[tuple[int, date, str], set[str]] = defaultdict(set)
    for dot_id, day, _language, dimension, value in changes:
        if dimension in ATTRIBUTES:
            values[dot_id, day, dimension].add(value)
    known: defaultdict[tuple[int, date, str], set[str]] = defaultdict(set)
    for dot_id, day, dimension, value in _known_values({(dot_id, day) for dot_id, day, _dimension in values}):
        known[dot_id, day, dimension].add(value)
    for key, wanted in values.items():
        room = VALUES_A_DAY - len(known[key] - {OTHER})
        known[key].update(sorted(wanted - known[key])[: max(room, 0)])
    bounded: defaultdict[Share, int] = defaultdict(int)
    for (dot_id, day, language, dimension, value), count in changes.items():
        has_room = dimension not in ATTRIBUTES or value in known[dot_id, day, dimension]
        bounded[dot_id, day, language, dimension, value if has_room else OTHER] += count
    return bounded


def _known_values(days: set[tuple[int, date]]) -> set[tuple[int, date, str, str]]:
    rows = tables.matching(
        f"SELECT DISTINCT s.dot_id, s.day, s.dimension, s.value FROM wanted CROSS JOIN {tables.table(DayShare)} s"  # noqa: S608 - our own
        " WHERE s.dot_id = wanted.dot_id AND s.day = wanted.day",
        ("dot_id", "day"),
        sorted(days),
    )
    return {(dot_id, tables.as_day(day), dimension, value) for dot_id, day, dimension, value in rows}
