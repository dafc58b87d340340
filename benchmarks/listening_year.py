"""Row 7: a year of one dot's listening by day, beside counting its raw events; and the same for ten times the events.

Runs itself once more as a program of an installation, where Django is set up for it.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.installation import installation
from benchmarks.report import Result

ROW, EVENTS, FASTER = 7, 1_000_000, 100
MORE = 10  # times the events …
AT_MOST = 1.5  # … take no more than this many times as long: a hundredth of a second has its own noise
YEAR = (date(2025, 11, 1), date(2026, 10, 31))


def run(server_url: str, *, quick: bool) -> list[Result]:
    events = EVENTS // 10 if quick else EVENTS
    with installation(server_url) as site:
        found = json.loads(site.python("-m", "benchmarks.listening_year", str(events)))
        database = site.database
    some, more = found["some"], found["more"]
    return [
        Result(
            row=ROW,
            path=f"a year by day of a dot with {events:,} events",
            database=database,
            ours=f"{some['ours_ms']:.2f} ms",
            floor=f"{some['floor_ms']:.1f} ms",
            ratio=some["ours_ms"] / some["floor_ms"],
            bar=f">= {FASTER} x faster",
            # Counting takes as long as there are events, so fewer events decide nothing.
            reached=some["floor_ms"] / some["ours_ms"] >= FASTER if events == EVENTS else None,
            details={"times_faster": some["floor_ms"] / some["ours_ms"], "scans": some["scans"]},
        ),
        Result(
            row=ROW,
            path=f"the same with {events * MORE:,} events",
            database=database,
            ours=f"{more['ours_ms']:.2f} ms",
            floor=f"{some['ours_ms']:.2f} ms",
            ratio=more["ours_ms"] / some["ours_ms"],
            bar=f"<= {AT_MOST} x as long",
            reached=more["ours_ms"] / some["ours_ms"] <= AT_MOST,
            details={"scans": more["scans"]},
        ),
    ]


def _measure(events: int) -> dict[str, dict[str, float]]:
    import django

    django.setup()
    from django.db import connection

    from accounts.models import User
    from generations.models import Dot
    from plays.figures import Scope, Span, series_of
    from plays.models import DayFigures
    from plays.rebuilding import rebuild_dot

    zone = ZoneInfo("Europe/Berlin")
    owner = User.objects.create(email="bench@micdots.example", timezone=zone.key)
    some, more = (Dot.objects.create(owner=owner, code=code, title="Bench") for code in ("ABC234", "DEF567"))
    _write_events(some.pk, events, zone, first_id=0)
    _write_events(more.pk, events * MORE, zone, first_id=events)
    span = Span(*YEAR, zone)

    rebuild_dot(some.pk, now=datetime(2026, 11, 18, tzinfo=UTC))
    counted = _count_raw(some.pk, span)
    shown = {point.at: (point.scans, point.plays, point.completions) for point in series_of(Scope(dot=some), span)}
    if shown != counted:
        raise RuntimeError("roll-ups and raw events do not say the same")
    # The other's days are written down as they are counted: making them anew would take minutes and say nothing more.
    DayFigures.objects.bulk_create(
        DayFigures(
            dot=more, day=day, language="en-GB", zone=zone.key, scans=scans, plays=plays, completions=completions
        )
        for day, (scans, plays, completions) in _count_raw(more.pk, span).items()
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what autovacuum and SQLite's optimize do in time
    ours = {dot.code: Scope(dot=dot) for dot in (some, more)}
    return {
        "some": {
            "ours_ms": _median_ms(lambda: series_of(ours[some.code], span), 30),
            "floor_ms": _median_ms(lambda: _count_raw(some.pk, span), 3),
            "scans": sum(point.scans for point in series_of(ours[some.code], span)),
        },
        "more": {
            "ours_ms": _median_ms(lambda: series_of(ours[more.code], span), 30),
            "scans": sum(point.scans for point in series_of(ours[more.code], span)),
        },
    }


def _count_raw(dot_id: int, span: Any) -> dict[date, tuple[int, int, int]]:
    """The quickest that raw events can be counted by day: without telling a visit's first play from a later one."""
    from django.db.models import Count, Q
    from django.db.models.functions import TruncDate

    from plays.days import day_start
    from plays.models import Event

    start, end = day_start(span.first, span.zone), day_start(span.last + timedelta(days=1), span.zone)
    rows = Event.objects.filter(dot=dot_id, at__gte=start, at__lt=end, is_bot=False)
    kinds = {f"{kind}s": Count("pk", filter=Q(kind=kind)) for kind in ("scan", "play", "complete")}
    by_day = rows.annotate(day=TruncDate("at", tzinfo=span.zone)).values("day").annotate(**kinds).order_by()
    return {day: (scans, plays, completions) for day, scans, plays, completions in by_day.values_list("day", *kinds)}


def _write_events(dot_id: int, events: int, zone: ZoneInfo, *, first_id: int) -> None:
    """Spread them evenly over the year, in turn a scan, a play, a progress, a completion. The database makes them."""
    from django.db import connection

    from plays.days import day_start

    start = day_start(YEAR[0], zone).timestamp()
    seconds = day_start(YEAR[1] + timedelta(days=1), zone).timestamp() - start
    if connection.vendor == "postgresql":
        numbers = f"generate_series(0, {events - 1}) AS numbers(n)"
        event_id, at = f"lpad(to_hex(n + {first_id}), 32, '0')::uuid", f"to_timestamp({start} + n * {seconds / events})"
    else:
        numbers = (
            "(WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted"  # noqa: S608 - a number
            f" WHERE n < {events - 1}) SELECT n FROM counted)"
        )
        event_id = f"printf('%032x', n + {first_id})"
        at = f"strftime('%Y-%m-%d %H:%M:%f', {start} + n * {seconds / events}, 'unixepoch')"
    kind = "CASE n % 4 WHEN 0 THEN 'scan' WHEN 1 THEN 'play' WHEN 2 THEN 'progress' ELSE 'complete' END"
    visit = "CASE n % 4 WHEN 0 THEN '' ELSE 'visit-' || (n / 4) END"
    attributes = "visitor, device, system, browser, country, city, referrer"
    with connection.cursor() as cursor:
        # No parameters, so that a percent sign is one.
        cursor.execute(
            "INSERT INTO plays_event (event_id, kind, at, dot_id, language, is_printed, is_bot, visit,"  # noqa: S608 - numbers
            f" position_ms, heard_ms, reached, is_repeat, {attributes})"
            f" SELECT {event_id}, {kind}, {at}, {dot_id}, 'en-GB', n % 8 = 0, n < 0, {visit}, 1000 * (n % 4),"
            f" 1000, 20 * (n % 4), n < 0, '', 'phone', 'iOS', 'Mobile Safari', 'DE', '', '' FROM {numbers}"
        )


def _median_ms(call: Callable[[], object], times: int) -> float:
    call()
    measured = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        measured.append((time.perf_counter() - begin) * 1000)
    return statistics.median(measured)


if __name__ == "__main__":
    json.dump(_measure(int(sys.argv[1])), sys.stdout)
