"""What the page about listening shows: figures of a stretch of days, put into words, tables and charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext, ngettext

from dashboard import charts
from dashboard.names import LANGUAGE, Dimension, dimension_name, listening_time, value_name
from generations.models import Dot
from plays import figures

VALUES_SHOWN = 8
DOTS_SHOWN = 10
# So many days are still told apart in a chart and read in a table; more are put together by month.
DAYS_IN_A_CHART = 400

DIMENSIONS: tuple[str, ...] = (
    Dimension.SOURCE.value,
    LANGUAGE,
    Dimension.DEVICE.value,
    Dimension.SYSTEM.value,
    Dimension.BROWSER.value,
    Dimension.COUNTRY.value,
    Dimension.CITY.value,
    Dimension.REFERRER.value,
)


@dataclass(frozen=True)
class Total:
    """One of the large numbers."""

    name: str
    value: str
    before: str  # in words: the change and what it was; empty where nothing is compared
    sign: str = ""  # an arrow, for the eye only


@dataclass(frozen=True)
class Moment:
    """A line of the table of days, hours or months."""

    at: date | datetime  # its beginning
    label: str
    short: str  # below the chart
    scans: int
    unique_visitors: int
    plays: int
    completions: int
    heard_seconds: float
    before: int | None  # scans of the period before
    is_marked: bool = False  # cut, or partly cut, in another time zone

    @property
    def heard(self) -> str:
        return listening_time(self.heard_seconds)


@dataclass(frozen=True)
class Value:
    """A line of a table of shares."""

    name: str
    count: int
    percent: str
    bar: str  # width of the bar


@dataclass(frozen=True)
class Section:
    """How the scans are spread over the values of one dimension."""

    key: str
    title: str
    values: tuple[Value, ...]
    left_out: str  # in words: what is not shown for want of room; empty where all is


@dataclass(frozen=True)
class Step:
    """A line of the table of how far people listen."""

    percent: int
    plays: int
    share: str
    bar: str


@dataclass(frozen=True)
class BestDot:
    dot: Dot
    url: str
    totals: figures.Totals
    heard: str


@dataclass(frozen=True)
class Report:
    """Everything below the form."""

    title: str  # the period in words
    is_empty: bool
    totals: tuple[Total, ...]
    is_running: bool  # today is part of it, and not over
    chart: charts.Chart
    moments: tuple[Moment, ...]
    steps_name: str  # “Day”, “Hour”, “Month”
    marked: str  # says what the mark means; empty where there is none
    curve: charts.Chart | None
    steps: tuple[Step, ...]
    sections: tuple[Section, ...]
    best: tuple[BestDot, ...]
    compares: bool  # whether each line of the table has one beside it


def report_on(scope: figures.Scope, span: figures.Span, *, now: datetime, compares: bool, with_dots: bool) -> Report:
    """Put together what a page shows.

    Args:
        scope: whose figures, and what narrows them down.
        span: the days or hours.
        now: what comes after it is not drawn.
        compares: whether the period before stands beside it.
        with_dots: whether to name the dots that were scanned most.
    """
    totals = figures.totals_of(scope, span)
    before = figures.span_before(span) if compares else None
    totals_before = figures.totals_of(scope, before) if before else None
    points = figures.series_of(scope, span)
    # Hours of the period before are seldom kept any more: it has days only.
    is_beside = before is not None and before.interval == span.interval
    points_before = figures.series_of(scope, before) if before and is_beside else []
    other_zone = frozenset(figures.days_in_other_zone(scope, span))
    moments, steps_name = _moments(points, points_before, span, other_zone)
    curve = figures.curve_of(scope, span)
    shares = figures.all_shares_of(scope, span)
    title = period_name(span)
    best = figures.best_dots(scope, span, DOTS_SHOWN) if with_dots else []
    return Report(
        title=title,
        is_empty=not totals.scans and not totals.plays,
        totals=_totals(totals, totals_before),
        is_running=span.first <= now.astimezone(span.zone).date() <= span.last,
        chart=_series_chart(title, moments, now=now, zone=span.zone, compares=is_beside),
        moments=moments,
        steps_name=steps_name,
        marked=_marked(other_zone),
        curve=_curve_chart(curve) if totals.plays else None,
        steps=_steps(curve),
        sections=tuple(_section(dimension, shares[dimension]) for dimension in DIMENSIONS),
        best=tuple(
            BestDot(dot, reverse("analytics:dot", args=[dot.public_id]), row, listening_time(row.heard_seconds))
            for dot, row in best
        ),
        compares=is_beside,
    )


def period_name(span: figures.Span) -> str:
    """“Nov. 1, 2026 to Nov. 21, 2026”, or one day alone."""
    if span.first == span.last:
        return date_format(span.first, "DATE_FORMAT")
    return gettext("%(first)s to %(last)s") % {
        "first": date_format(span.first, "DATE_FORMAT"),
        "last": date_format(span.last, "DATE_FORMAT"),
    }


def number(value: float) -> str:
    """A whole number as readers of the page write it."""
    return number_format(round(value), 0, use_l10n=True, force_grouping=True)


def percent(part: float, whole: float) -> str:
    """A share in words; what is there but rounds to nought is “< 1 %”."""
    if not whole:
        return gettext("%(percent)s %%") % {"percent": number(0)}
    share = 100 * part / whole
    if 0 < share < 0.5:
        return gettext("< 1 %%") % ()
    return gettext("%(percent)s %%") % {"percent": number(share)}


# --- Totals -----------------------------------------------------------------------------------------------------------


def _totals(totals: figures.Totals, before: figures.Totals | None) -> tuple[Total, ...]:
    def total(name: str, read: Callable[[figures.Totals], float], write: Callable[[float], str] = number) -> Total:
        value = read(totals)
        if before is None:
            return Total(name, write(value), "")
        return Total(name, write(value), *_change(value, read(before), write))

    return (
        total(gettext("Scans"), lambda row: row.scans),
        total(gettext("Visitors, day by day"), lambda row: row.unique_visitors),
        total(gettext("Plays"), lambda row: row.plays),
        total(gettext("Heard to the end"), lambda row: row.completions),
        total(gettext("Time listened"), lambda row: row.heard_seconds, listening_time),
    )


def _change(value: float, before: float, write: Callable[[float], str]) -> tuple[str, str]:
    """The change in words, and an arrow."""
    if value == before:
        return gettext("as before"), "="
    change = abs(value - before) / before * 100 if before else 0
    words = {"before": write(before), "percent": number(change) if change >= 0.5 else "< 1"}
    if not before:
        return gettext("before: %(before)s") % words, "▲"
    if value > before:
        return gettext("up %(percent)s %% from %(before)s") % words, "▲"
    return gettext("down %(percent)s %% from %(before)s") % words, "▼"


# --- Days, hours, months ----------------------------------------------------------------------------------------------


def _moments(
    points: Sequence[figures.Point],
    points_before: Sequence[figures.Point],
    span: figures.Span,
    other_zone: frozenset[date],
) -> tuple[tuple[Moment, ...], str]:
    """The lines of the table, and what one of them is called. A point of the period before stands beside its peer."""
    compares = bool(points_before)
    before = [point.scans for point in points_before] + [0] * (len(points) - len(points_before))
    if span.interval == "hour":
        moments = []
        for point, scans_before in zip(points, before, strict=False):
            assert isinstance(point.at, datetime)  # noqa: S101 - of hours all are
            local = timezone.localtime(point.at, span.zone)
            label = date_format(local, "SHORT_DATETIME_FORMAT")
            hour = date_format(local, "TIME_FORMAT")
            if len(points) > 30:
                hour = f"{date_format(local, 'D')} {hour}"
            moments.append(_moment([point], label, hour, scans_before if compares else None))
        return tuple(moments), gettext("Hour")
    days = [(_day(point), point, scans) for point, scans in zip(points, before, strict=False)]
    if len(days) <= DAYS_IN_A_CHART:
        return tuple(
            _moment(
                [point],
                date_format(day, "DATE_FORMAT"),
                _written(day, "MMMd"),
                scans if compares else None,
                is_marked=day in other_zone,
            )
            for day, point, scans in days
        ), gettext("Day")
    months = []
    for month, found in groupby(days, key=lambda entry: entry[0].replace(day=1)):
        rows = list(found)
        name = date_format(month, "YEAR_MONTH_FORMAT")
        months.append(
            _moment(
                [point for _day, point, _scans in rows],
                name,
                _written(month, "yMMM"),
                sum(scans for _day, _point, scans in rows) if compares else None,
                is_marked=any(day in other_zone for day, _point, _scans in rows),
            )
        )
    return tuple(months), gettext("Month")


def _written(day: date, parts: str) -> str:
    """A date with few letters, in the order that the reader's language has: “Nov 21”, “21. Nov.”."""
    try:
        return format_skeleton(parts, day, locale=Locale.parse(get_language() or "en", sep="-"))
    except (ValueError, UnknownLocaleError):
        return format_skeleton(parts, day, locale=Locale("en"))


def _day(point: figures.Point) -> date:
    return point.at.date() if isinstance(point.at, datetime) else point.at


def _moment(
    points: Sequence[figures.Point], label: str, short: str, before: int | None, *, is_marked: bool = False
) -> Moment:
    return Moment(
        at=points[0].at,
        label=label,
        short=short,
        scans=sum(row.scans for row in points),
        unique_visitors=sum(row.unique_visitors for row in points),
        plays=sum(row.plays for row in points),
        completions=sum(row.completions for row in points),
        heard_seconds=sum(row.heard_seconds for row in points),
        before=before,
        is_marked=is_marked,
    )


def _marked(other_zone: frozenset[date]) -> str:
    if not other_zone:
        return ""
    return ngettext(
        "* %(count)d day was cut in another time zone, before you changed yours.",
        "* %(count)d days were cut in another time zone, before you changed yours.",
        len(other_zone),
    ) % {"count": len(other_zone)}


# --- Charts -----------------------------------------------------------------------------------------------------------


def _series_chart(
    title: str, moments: tuple[Moment, ...], *, now: datetime, zone: ZoneInfo, compares: bool
) -> charts.Chart:
    # What is still to come is no fall to nought: the lines end at the present day or hour.
    today = now.astimezone(zone).date()
    begun = [
        moment for moment in moments if (moment.at <= now if isinstance(moment.at, datetime) else moment.at <= today)
    ]
    rows = [charts.Row("scans", gettext("Scans"), [moment.scans for moment in begun], is_filled=True)]
    rows.append(charts.Row("plays", gettext("Plays"), [moment.plays for moment in begun]))
    if compares:
        rows.append(charts.Row("before", gettext("Scans before"), [moment.before or 0 for moment in moments]))
    best = max(moments, key=lambda moment: moment.scans, default=None)
    words = {
        "scans": number(sum(moment.scans for moment in moments)),
        "plays": number(sum(moment.plays for moment in moments)),
        "best": best.label if best else "",
        "most": number(best.scans) if best else "",
    }
    description = gettext("%(scans)s scans and %(plays)s plays.") % words
    if best and best.scans:
        description += " " + gettext("Most scans: %(most)s, %(best)s. All figures are in the table below.") % words
    return charts.draw(
        title=gettext("Scans and plays, %(period)s") % {"period": title},
        description=description,
        rows=rows,
        points=[moment.short for moment in moments],
        tips=[_tip(moment) for moment in moments],
    )


def _tip(moment: Moment) -> str:
    words = {"at": moment.label, "scans": number(moment.scans), "plays": number(moment.plays)}
    tip = gettext("%(at)s: %(scans)s scans, %(plays)s plays") % words
    if moment.before is not None:
        tip += gettext(" (before: %(scans)s scans)") % {"scans": number(moment.before)}
    return tip


def _curve_chart(curve: Sequence[tuple[int, int]]) -> charts.Chart:
    whole = max((plays for _percent, plays in curve), default=0)
    values = [100 * plays / whole if whole else 0 for _percent, plays in curve]
    names = [gettext("%(percent)s %%") % {"percent": number(step)} for step, _plays in curve]
    shares = [percent(plays, whole) for _step, plays in curve]
    half = next((share for (step, _plays), share in zip(curve, shares, strict=True) if step == 50), "")
    last = shares[-1] if shares else ""
    return charts.draw(
        title=gettext("How far people listen"),
        description=gettext(
            "%(half)s of the plays reached the middle, %(last)s the very end. All figures are in the table below."
        )
        % {"half": half, "last": last},
        rows=[charts.Row("curve", gettext("Plays that came this far"), values, is_filled=True)],
        points=names,
        tips=[
            gettext("%(share)s of the plays came to %(step)s") % {"share": share, "step": name}
            for name, share in zip(names, shares, strict=True)
        ],
        top=100,
        unit=" %",
    )


def _steps(curve: Sequence[tuple[int, int]]) -> tuple[Step, ...]:
    whole = max((plays for _percent, plays in curve), default=0)
    return tuple(Step(step, plays, percent(plays, whole), charts.bar(plays, whole)) for step, plays in curve)


# --- Shares -----------------------------------------------------------------------------------------------------------


def _section(dimension: str, shares: Sequence[figures.Share]) -> Section:
    whole = sum(share.count for share in shares)
    shown = shares[:VALUES_SHOWN] if len(shares) > VALUES_SHOWN + 1 else shares
    rest = shares[len(shown) :]
    left_out = ""
    if rest:
        left_out = ngettext(
            "and %(count)s more with %(scans)s scan, all in the download",
            "and %(count)s more with %(scans)s scans, all in the download",
            sum(share.count for share in rest),
        ) % {"count": number(len(rest)), "scans": number(sum(share.count for share in rest))}
    return Section(
        key=dimension,
        title=dimension_name(dimension),
        values=tuple(
            Value(
                value_name(dimension, share.value),
                share.count,
                percent(share.count, whole),
                charts.bar(share.count, whole),
            )
            for share in shown
            if share.count
        ),
        left_out=left_out,
    )


# --- Presets ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preset:
    name: str
    query: dict[str, str]
    is_current: bool


def presets(span: figures.Span | None, today: date) -> list[Preset]:
    """Periods that are one click away. They are said by their length, so that a bookmark moves with the calendar."""
    offered = [
        (gettext("Today"), 1, "hour"),
        (gettext("7 days"), 7, "day"),
        (gettext("30 days"), 30, "day"),
        (gettext("90 days"), 90, "day"),
        (gettext("12 months"), 365, "day"),
    ]
    return [
        Preset(
            name,
            {"days": str(days), "interval": interval},
            span is not None
            and (span.first, span.last, span.interval) == (today - timedelta(days=days - 1), today, interval),
        )
        for name, days, interval in offered
    ]
