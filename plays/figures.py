"""What was counted, for pages, the API, exports and mails: all of them ask here, so all of them say the same.

Everything is read from the roll-ups of days and hours (:mod:`plays.taking` keeps them), so a question costs the same
with a hundred scans and with a hundred million. The sum of a range's unique visitors is the sum of its days: whoever
came on two days is in it twice, because nobody can tell (:mod:`plays.visitors`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.models import User
from generations.models import Dot, DotTag, Rendition
from micdots.lib.errors import ValidationFailed
from plays.contributions import MEASURES, STEPS
from plays.days import day_start, hours_between, known_zone
from plays.models import DayFigures, DayShare, Event, HourFigures

DEFAULT_DAYS = 30
LONGEST_YEARS = 5
EARLIEST = date(2000, 1, 1)  # nothing was counted before
YEARS_AHEAD = 1
HOUR_DAYS = 8  # with today
LISTENING = timedelta(minutes=5)  # who was heard of since then listens now

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Span:
    """A range of days, both ends in it. Make one with :func:`span_from`."""

    first: date
    last: date
    zone: ZoneInfo
    interval: Literal["day", "hour"] = "day"  # of the series; all else goes by days

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Scope:
    """Whose listening. Everything empty: the whole installation's."""

    owner: User | None = None
    dot: Dot | None = None
    tag: str = ""
    language: str = ""  # as heard or shown, a BCP 47 tag


@dataclass(frozen=True)
class Totals:
    scans: int
    unique_visitors: int  # the sum of the days'
    plays: int
    completions: int
    heard_seconds: float


@dataclass(frozen=True)
class Point:
    at: date | datetime  # a day, or the beginning of an hour in UTC
    scans: int
    unique_visitors: int
    plays: int
    completions: int
    heard_seconds: float


@dataclass(frozen=True)
class Share:
    value: str  # empty: unknown
    count: int  # scans


def span_from(
    *,
    zone: ZoneInfo,
    today: date,
    first: date | None = None,
    last: date | None = None,
    interval: Literal["day", "hour"] = "day",
) -> Span:
    """The range that somebody asked for.

    Args:
        zone: the account's, in which its days were cut.
        today: the day it is there.
        first: default: 29 days before ``last``; for hours 7 days before ``today``.
        last: default: ``today``.

    Raises:
        ValidationFailed: it ends before it begins, is longer than five years, begins before 2000 or ends later than a
            year from today, or asks for hours that are not kept; ``details`` names ``from``, ``to`` or ``interval``.
    """
    last = last or today
    if first is None:
        first = _days_before(last, DEFAULT_DAYS - 1)
        if interval == "hour":
            first = min(last, max(first, _days_before(today, HOUR_DAYS - 1)))
    if last < first:
        raise ValidationFailed({"to": [_("The range must not end before it begins.")]})
    # Here for all who ask: at the ends of the calendar there is no day before or after, nor an instant in every zone.
    if first < EARLIEST:
        raise ValidationFailed({"from": [_("There is nothing from before the year 2000. Choose a later day.")]})
    if _years_before(last, YEARS_AHEAD) > today:
        raise ValidationFailed({"to": [_("The range must not end later than a year from today.")]})
    if first < _years_before(last, LONGEST_YEARS):
        raise ValidationFailed({"from": [_("Please ask for at most five years.")]})
    if interval == "hour" and not _days_before(today, HOUR_DAYS - 1) <= first <= last <= today:
        raise ValidationFailed({"interval": [_("Hours are kept for 8 days. Choose days, or other dates.")]})
    return Span(first, last, zone, interval)


def span_before(span: Span) -> Span:
    """The range of the same length just before. It goes by days: its hours are seldom kept any more."""
    return Span(_days_before(span.first, span.days), _days_before(span.first, 1), span.zone)


def totals_of(scope: Scope, span: Span) -> Totals:
    """Everything of the range together.

    Of an installation by the hour it is the sum of these hours: its days are cut in as many zones as it has accounts,
    so they are not the same stretch of time.
    """
    rows: QuerySet[Any]
    if span.interval == "hour" and scope.owner is None and scope.dot is None:
        rows = _hours_of(scope, span)
    else:
        rows = _days_of(scope, span)
    return Totals(**_measured(rows.aggregate(**_sums())))


def series_of(scope: Scope, span: Span) -> list[Point]:
    """A point for each day or hour of the range; those in which nothing happened have zeros."""
    moments: list[date] | list[datetime]
    rows: QuerySet[Any, Any]
    if span.interval == "hour":
        moments = hours_between(*_instants(span), span.zone)
        rows = _hours_of(scope, span)
    else:
        moments = [span.first + timedelta(days=number) for number in range(span.days)]
        rows = _days_of(scope, span)
    # Without order_by an ordering of the model's would become part of what is grouped by.
    rows = rows.values(span.interval).annotate(**_sums()).order_by().values_list(span.interval, *_sums())
    found = {
        at: Point(at, int(scans), int(visitors), int(plays), int(completions), int(heard_ms) / 1000)
        for at, scans, visitors, plays, completions, heard_ms in rows
    }
    return [found.get(at) or Point(at, 0, 0, 0, 0, 0.0) for at in _with(moments, found)]


def curve_of(scope: Scope, span: Span) -> list[tuple[int, int]]:
    """How many plays came how far: pairs of percent (0 to 100 by 10) and plays. At 0 are all plays."""
    rows = _shares_of(scope, span, DayShare.Dimension.REACHED).values_list("value").annotate(Sum("count")).order_by()
    counts = dict(rows)
    return [(percent, int(counts.get(str(percent)) or 0)) for percent in STEPS]


def all_shares_of(scope: Scope, span: Span) -> dict[str, list[Share]]:
    """What the range's scans had in common, biggest first, for each dimension and ``"language"``.

    In one walk through the days: one for each dimension would look at all of their rows each time.
    """
    names = [name for name in DayShare.Dimension.values if name != DayShare.Dimension.REACHED]
    found: dict[str, list[Share]] = {name: [] for name in names}
    rows: QuerySet[Any, Any] = _shares_of(scope, span, *names).values_list("dimension", "value")
    for dimension, value, count in rows.annotate(Sum("count")).order_by():
        found[dimension].append(Share(value, int(count)))
    languages: QuerySet[Any, Any] = _days_of(scope, span).values_list("language").annotate(Sum("scans")).order_by()
    found["language"] = [Share(language, int(scans)) for language, scans in languages]
    return {dimension: _sorted(shares) for dimension, shares in found.items()}


def shares_of(scope: Scope, span: Span, dimension: str) -> list[Share]:
    """Those of one dimension. Who wants several asks for all of them at once.

    Args:
        dimension: one of ``DayShare.Dimension`` but REACHED, or ``"language"``.
    """
    rows: QuerySet[Any, Any]
    if dimension == "language":
        rows = _days_of(scope, span).values_list("language").annotate(Sum("scans"))
    else:
        rows = _shares_of(scope, span, dimension).values_list("value").annotate(Sum("count"))
    return _sorted(Share(value, int(count)) for value, count in rows.order_by())


def _sorted(shares: Iterable[Share]) -> list[Share]:
    return sorted((share for share in shares if share.count), key=lambda share: (-share.count, share.value))


def best_dots(scope: Scope, span: Span, limit: int = 10) -> list[tuple[Dot, Totals]]:
    """The dots with the most scans; of dots with as many, those with more plays first."""
    rows: QuerySet[Any, Any] = _days_of(scope, span).filter(dot__purged_at=None).values("dot_id")
    rows = rows.annotate(**_sums()).order_by("-sum_scans", "-sum_plays", "dot_id")
    best = [row for row in rows[:limit] if row["sum_scans"] or row["sum_plays"]]
    dots = Dot.objects.select_related("owner").in_bulk([row["dot_id"] for row in best])
    return [(dots[row["dot_id"]], Totals(**_measured(row))) for row in best if row["dot_id"] in dots]


def listening_now(scope: Scope, now: datetime) -> int:
    """How many page views were heard of in the last five minutes: their audio plays, or did a moment ago."""
    events = _of(scope, Event.objects.filter(at__gt=now - LISTENING, at__lte=now, is_bot=False).exclude(visit=""))
    return events.values("dot_id", "visit").distinct().order_by().count()


def days_in_other_zone(scope: Scope, span: Span) -> list[date]:
    """The days of the range that were cut in another time zone than the account has today.

    Of an installation's figures each day is its account's own, so there is no other: nothing is named.
    """
    owner = scope.owner or (scope.dot.owner if scope.dot else None)
    if owner is None:
        return []
    rows = _days_of(scope, span).exclude(zone=known_zone(owner.timezone).key)
    return list(rows.values_list("day", flat=True).distinct().order_by("day"))


def languages_of(scope: Scope, span: Span, wanted: str = "") -> list[str]:
    """The languages that the range has figures in, and those that can be heard today, sorted.

    Args:
        scope: its own language is no matter.
        wanted: is among them, too, if there are figures in it at any other time.
    """
    wider = replace(scope, language="")
    counted = _days_of(wider, span).order_by().values_list("language", flat=True)
    found = set(counted.union(_of(wider, Rendition.objects.order_by()).values_list("language", flat=True)))
    if wanted and wanted not in found and _of(replace(scope, language=wanted), DayFigures.objects.all()).exists():
        found.add(wanted)
    return sorted(found)


def tags_of(scope: Scope) -> list[str]:
    """The tags that the scope's dots have, sorted. The scope's own tag is no matter."""
    tags = DotTag.objects.all()
    if scope.dot is not None:
        tags = tags.filter(dot=scope.dot)
    if scope.owner is not None:
        tags = tags.filter(dot__owner=scope.owner, dot__purged_at=None)
    return list(tags.values_list("name", flat=True).distinct().order_by("name"))


# --- How it is asked ------------------------------------------------------------------------------------------------


def _of(scope: Scope, rows: QuerySet[Row]) -> QuerySet[Row]:
    if scope.dot is not None:
        rows = rows.filter(dot=scope.dot)
    if scope.owner is not None:
        rows = rows.filter(dot__owner=scope.owner)
    if scope.tag:
        rows = rows.filter(dot__in=DotTag.objects.filter(name=scope.tag).values("dot_id"))
    if scope.language:
        rows = rows.filter(language=scope.language)
    return rows


def _days_of(scope: Scope, span: Span) -> QuerySet[DayFigures]:
    return _of(scope, DayFigures.objects.filter(day__gte=span.first, day__lte=span.last))


def _hours_of(scope: Scope, span: Span) -> QuerySet[HourFigures]:
    start, end = _instants(span)
    return _of(scope, HourFigures.objects.filter(hour__gte=start, hour__lt=end))


def _instants(span: Span) -> tuple[datetime, datetime]:
    """When the range begins, and when it is over."""
    return day_start(span.first, span.zone), day_start(span.last + timedelta(days=1), span.zone)


def _shares_of(scope: Scope, span: Span, *dimensions: str) -> QuerySet[DayShare]:
    rows = DayShare.objects.filter(day__gte=span.first, day__lte=span.last, dimension__in=dimensions)
    return _of(scope, rows)


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name) for name in MEASURES}


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    """A row of sums, under the names of ``Totals``; what is missing is 0."""
    values: dict[str, Any] = {name: int(row.get(f"sum_{name}") or 0) for name in MEASURES}
    values["heard_seconds"] = values.pop("heard_ms") / 1000
    return values


def _with(moments: list[Any], found: dict[Any, Any]) -> list[Any]:
    """The moments of a range and those that something was found at: hours cut in another zone are on no list."""
    return moments if found.keys() <= set(moments) else sorted({*moments, *found})


def _days_before(day: date, days: int) -> date:
    try:
        return day - timedelta(days=days)
    except OverflowError:
        return date.min


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February, or before the year 1
        return day.replace(year=day.year - years, day=28) if day.year > years else date.min
