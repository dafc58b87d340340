"""How long what is written down of listening is kept, and its clearing away. Roll-ups of days stay for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from plays.models import DailySalt, DayVisitor, Event, HourFigures, Miss, SpoolPosition

HOUR_FIGURES_DAYS = 9  # shown are eight
DAY_VISITOR_DAYS = 3
POSITION_DAYS = 30  # of spool files that went without their position
_CHUNK = 5_000  # rows a transaction: others want to write, too


def raw_since(now: datetime) -> datetime:
    """From when on raw events are kept: the beginning (UTC) of the month ``settings.EVENT_MONTHS`` before this one."""
    months = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1 - max(settings.EVENT_MONTHS, 1)
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def hours_since(now: datetime) -> datetime:
    """From when on figures are kept by the hour."""
    return now - timedelta(days=HOUR_FIGURES_DAYS)


def tidy(now: datetime | None = None) -> None:
    """Destroy the salts of days that are over, and clear away what is needed for some days only."""
    now = now or timezone.now()
    today: date = now.astimezone(UTC).date()
    DailySalt.objects.filter(day__lt=today).delete()
    HourFigures.objects.filter(hour__lt=hours_since(now)).delete()
    DayVisitor.objects.filter(day__lt=today - timedelta(days=DAY_VISITOR_DAYS)).delete()
    SpoolPosition.objects.filter(updated_at__lt=now - timedelta(days=POSITION_DAYS)).delete()


def drop_old_events(now: datetime | None = None) -> int:
    """Drop raw events and misses of months that are over for long enough, oldest first. Returns how many events."""
    before = raw_since(now or timezone.now())
    Miss.objects.filter(day__lt=before.date()).delete()
    dropped = 0
    while pks := list(Event.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:_CHUNK]):
        # Nothing refers to events, so the rows need not be looked at first.
        dropped += Event.objects.filter(pk__in=pks)._raw_delete("default")
    return dropped
