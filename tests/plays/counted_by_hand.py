"""The figures of a few events, counted the long way: every rule written down a second time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from plays import figures
from plays.figures import Scope, Span
from plays.records import Record

DIMENSIONS = ("device", "system", "browser", "country", "city", "referrer", "source", "language")


@dataclass
class ByHand:
    """Figures of one dot: ``day`` and ``hour`` map (moment, language) to counters."""

    day: dict[tuple[Any, str], Counter[str]]
    hour: dict[tuple[Any, str], Counter[str]]
    shares: Counter[tuple[date, str, str, str]]  # day, language, dimension, value


def count(records: Iterable[Record], zone: ZoneInfo, duration_ms: int) -> ByHand:
    """What the records say, each as often as it was delivered."""
    delivered = sorted({r.event_id: r for r in records}.values(), key=lambda r: (r.at, r.event_id))
    events = [event for event in delivered if not event.is_bot]
    result = ByHand({}, {}, Counter())

    def add(record: Record, what: str, number: int = 1) -> None:
        at = _at(record)
        hour = at - timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
        result.day.setdefault((at.date(), record.language), Counter())[what] += number
        result.hour.setdefault((hour.astimezone(UTC), record.language), Counter())[what] += number

    def _at(record: Record) -> datetime:
        # Counted back from the instant: ``hour`` above is arithmetic on the wall clock, so it is done in UTC's offset.
        instant = datetime.fromtimestamp(record.at, UTC)
        offset = instant.astimezone(zone).utcoffset()
        assert offset is not None
        return instant.astimezone(_fixed(offset))

    seen = set()
    scans = [event for event in events if event.kind == "scan"]
    for scan in sorted(scans, key=lambda record: (record.at, record.language)):
        day = _at(scan).date()
        add(scan, "scans")
        for dimension in DIMENSIONS[:6]:
            result.shares[day, scan.language, dimension, getattr(scan, dimension)] += 1
        result.shares[day, scan.language, "source", "printed" if scan.is_printed else "link"] += 1
        if scan.visitor and (day, scan.visitor) not in seen:
            seen.add((day, scan.visitor))
            add(scan, "unique_visitors")

    def play(record: Record, reached: float) -> None:
        add(record, "plays")
        for percent in range(0, 101, 10):
            if percent == 0 or reached >= percent:
                result.shares[_at(record).date(), record.language, "reached", str(percent)] += 1

    counted: dict[str, float] = {}
    for silent in [event for event in events if event.kind == "play" and not event.visit]:
        if not silent.visitor or silent.at - counted.get(silent.visitor, -1e9) >= 1800:
            counted[silent.visitor] = silent.at
            play(silent, 0)

    visits: dict[str, dict[tuple[str, int], Record]] = {}
    for event in delivered:
        if event.visit and event.kind != "scan":
            visits.setdefault(event.visit, {}).setdefault((event.kind, event.position_ms), event)
    for beacons in visits.values():
        reached = 0.0
        visit = [event for event in beacons.values() if not event.is_bot]
        for event in visit:
            add(event, "heard_ms", event.heard_ms)
            percent = event.position_ms / duration_ms * 100
            reached = max(reached, 100 if percent >= 99.5 else percent, 95 if event.kind == "complete" else 0)
        plays = [event for event in visit if event.kind == "play"]
        if plays:
            play(plays[0], reached)
        completions = [event for event in visit if event.kind == "complete"]
        if completions:
            add(completions[0], "completions")
    return result


def _fixed(offset: timedelta) -> Any:
    from datetime import timezone

    return timezone(offset)


def assert_the_same(by_hand: ByHand, scope: Scope, span: Span, *, hours: Span | None = None) -> None:
    """Every figure of the scope is what was counted by hand."""
    languages = [scope.language] if scope.language else sorted({language for _day, language in by_hand.day})

    def measures(rows: dict[tuple[Any, str], Counter[str]], moments: Sequence[Any]) -> list[dict[str, Any]]:
        found = []
        for moment in moments:
            total: Counter[str] = Counter()
            for language in languages:
                total.update(rows.get((moment, language), {}))
            names = ("scans", "unique_visitors", "plays", "completions")
            found.append({**{name: total[name] for name in names}, "heard_seconds": total["heard_ms"] / 1000})
        return found

    for asked, rows in ((span, by_hand.day), *([(hours, by_hand.hour)] if hours else [])):
        points = figures.series_of(scope, asked)
        expected = measures(rows, [point.at for point in points])
        for point, right in zip(points, expected, strict=True):
            assert asdict(point) == {"at": point.at, **right}, (asked, asdict(point), right)
        inside = {m for (m, language), _ in rows.items() if language in languages and _is_in(m, asked)}
        assert inside <= {point.at for point in points}

    days = measures(by_hand.day, [span.first + timedelta(days=n) for n in range(span.days)])
    totals = {name: round(sum(row[name] for row in days), 3) for name in days[0]}
    assert asdict(figures.totals_of(scope, span)) == totals

    for dimension in DIMENSIONS:
        expected_shares: Counter[str] = Counter()
        for (day, language, name, value), number in by_hand.shares.items():
            if name == dimension and language in languages and _is_in(day, span):
                expected_shares[value] += number
        if dimension == "language":
            for (day, language), row in by_hand.day.items():
                if language in languages and _is_in(day, span):
                    expected_shares[language] += row["scans"]
        shares = figures.shares_of(scope, span, dimension)
        assert {share.value: share.count for share in shares} == +expected_shares, dimension
    curve = Counter[int]()
    for (day, language, name, value), number in by_hand.shares.items():
        if name == "reached" and language in languages and _is_in(day, span):
            curve[int(value)] += number
    assert figures.curve_of(scope, span) == [(percent, curve[percent]) for percent in range(0, 101, 10)]


def _is_in(moment: Any, span: Span) -> bool:
    day = moment.astimezone(span.zone).date() if isinstance(moment, datetime) else moment
    return bool(span.first <= day <= span.last)
