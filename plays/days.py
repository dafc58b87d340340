"""Days and hours as a time zone cuts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Every zone's offset, and every change of one, has fallen on a quarter of an hour for decades.
_QUARTER = 900


@lru_cache(maxsize=1000)
def known_zone(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where the system's tables do not have it (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def day_and_hour(at: datetime, zone: ZoneInfo) -> tuple[date, datetime]:
    """The day that an instant belongs to, and the beginning of its hour in UTC, on the hour in ``zone``."""
    return _of_quarter(int(at.timestamp()) // _QUARTER, zone)


@lru_cache(maxsize=100_000)
def _of_quarter(quarter: int, zone: ZoneInfo) -> tuple[date, datetime]:
    instant = datetime.fromtimestamp(quarter * _QUARTER, UTC)
    local = instant.astimezone(zone)
    # Off the instant, not off the wall clock, which shows some hours twice.
    return local.date(), instant - timedelta(minutes=local.minute, seconds=local.second)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant in UTC at which a day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def hours_between(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The beginnings, in UTC, of all hours from ``start`` (a day's) up to, not including, ``end``."""
    hours: list[datetime] = []
    instant = start
    while instant < end:
        hour = day_and_hour(instant, zone)[1]
        if not hours or hour > hours[-1]:
            hours.append(hour)
        instant += timedelta(minutes=30)  # the clock may be changed by half an hour
    return hours
