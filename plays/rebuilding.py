"""Making the roll-ups anew from the raw events, as far as these still cover whole days.

Dot by dot and some days at a time, each in a transaction of its own, so that nobody waits long. Days before that stay
as they are, in the time zone that they were cut in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Max, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from generations.models import Dot
from generations.services import set_listening
from plays import tables
from plays.contributions import PLAY, SCAN, Changes, Happened, Visit
from plays.days import day_and_hour, day_start, known_zone
from plays.models import DayFigures, DayShare, DayVisitor, Event, HourFigures
from plays.retention import DAY_VISITOR_DAYS, raw_since
from plays.rollups import apply
from plays.taking import VisitKey, visits_of, wait_for_turn

EVENTS_AT_ONCE = 20_000  # but whole days


def dots_to_rebuild(*, account: User | None = None, code: str = "") -> QuerySet[Dot]:
    """The dots of an account, the one with a code, or all of them; in order of their keys."""
    dots = Dot.objects.filter(purged_at=None)
    if account is not None:
        dots = dots.filter(owner=account)
    if code:
        dots = dots.filter(code=code.upper())
    return dots.order_by("pk")


def dots_in_another_zone(now: datetime | None = None) -> list[int]:
    """Keys of dots with days that raw events still cover, and that were cut in another zone than their account has.

    A change of zone asks for the rebuilding itself; here are those whose message was lost.
    """
    now = now or timezone.now()
    rows = DayFigures.objects.filter(day__gte=raw_since(now).date(), dot__purged_at=None)
    rows = rows.exclude(zone=F("dot__owner__timezone"))
    newest = rows.values_list("dot_id", "zone", "dot__owner__timezone").annotate(Max("day")).order_by("dot_id")
    found = []
    for dot_id, cut_in, name, day in newest:
        zone = known_zone(name)
        first = first_whole_day(zone, now)
        if cut_in != zone.key and first is not None and day >= first:
            found.append(dot_id)
    return sorted(set(found))


def first_whole_day(zone: ZoneInfo, now: datetime) -> date | None:
    """From which day on all that happened is there as raw events; None: there are none at all."""
    oldest = Event.objects.order_by("at").values_list("at", flat=True).first()
    if oldest is None:
        return None
    # Dropped are whole months (UTC). They may have been dropped sooner than they would be today.
    whole_since = max(raw_since(now), oldest.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    day = whole_since.astimezone(zone).date()
    return day if day_start(day, zone) >= whole_since else day + timedelta(days=1)


def rebuild_dot(dot_id: int, *, now: datetime | None = None, progress: Callable[[int], object] | None = None) -> int:
    """Make a dot's roll-ups anew, and the totals that its pages show. Returns how many raw events were counted.

    Args:
        progress: called when some days are made anew and others are still to come, with the events counted so far.
    """
    now = now or timezone.now()
    counted = 0
    zone: ZoneInfo | None = None
    first: date | None = None
    while True:
        with transaction.atomic():
            wait_for_turn()
            dot = Dot.objects.select_related("owner").filter(pk=dot_id, purged_at=None).first()
            if dot is None:
                return counted
            wanted = known_zone(dot.owner.timezone)
            if zone != wanted:  # at the beginning, and when it was changed again meanwhile
                zone = wanted
                first, counted = first_whole_day(zone, now), 0
            last = None
            if first is not None:
                last = _last_of_some(dot_id, first, wanted)
                counted += _rebuild_days(dot_id, first, last, wanted, now)
            if last is None:
                _correct_totals(dot_id)
                return counted
        if progress is not None:
            progress(counted)
        first = last + timedelta(days=1)


def _last_of_some(dot_id: int, first: date, zone: ZoneInfo) -> date | None:
    """The last day of a handy number of events; None: all that there are."""
    events = Event.objects.filter(dot_id=dot_id, at__gte=day_start(first, zone)).order_by("at")
    at = events.values_list("at", flat=True)[EVENTS_AT_ONCE : EVENTS_AT_ONCE + 1]
    return next((day_and_hour(instant, zone)[0] for instant in at), None)


def _rebuild_days(dot_id: int, first: date, last: date | None, zone: ZoneInfo, now: datetime) -> int:
    """Make some days anew; ``last`` None: all from ``first`` on."""
    start, end = day_start(first, zone), day_start(last + timedelta(days=1), zone) if last else None
    changes, visitors, counted = _count_raw(dot_id, start, end, zone)

    days = {"dot_id": dot_id, "day__gte": first} | ({"day__lte": last} if last else {})
    hours = {"dot_id": dot_id, "hour__gte": start} | ({"hour__lt": end} if end else {})
    DayFigures.objects.filter(**days).delete()
    DayShare.objects.filter(**days).delete()
    HourFigures.objects.filter(**hours).delete()
    DayVisitor.objects.filter(**days).delete()

    def is_in(day: date) -> bool:
        return first <= day and (last is None or day <= last)

    inside = Changes()  # a visit over midnight says something of days that are not made anew here
    inside.days.update({key: row for key, row in changes.days.items() if is_in(key[1])})
    inside.shares.update({key: count for key, count in changes.shares.items() if is_in(key[1])})
    inside.hours.update(
        {key: row for key, row in changes.hours.items() if start <= key[1] and (end is None or key[1] < end)}
    )
    apply(inside, zones={dot_id: zone}, now=now)
    since = now.astimezone(UTC).date() - timedelta(days=DAY_VISITOR_DAYS - 1)
    tables.write(
        DayVisitor,
        ("dot_id", "day", "visitor", "first_at", "language"),
        [(dot_id, day, visitor, *scan) for (day, visitor), scan in sorted(visitors.items()) if day >= since],
    )
    return counted


def _count_raw(
    dot_id: int, start: datetime, end: datetime | None, zone: ZoneInfo
) -> tuple[Changes, dict[tuple[date, str], tuple[datetime, str]], int]:
    """What the events from ``start`` to ``end`` say, who was the day's visitor since when, and how many there were."""
    changes = Changes()
    visitors: dict[tuple[date, str], tuple[datetime, str]] = {}
    # Not the events themselves, of which a busy day has millions.
    visits: defaultdict[VisitKey, Visit] = defaultdict(lambda: Visit(dot_id))
    counted = 0
    for event in _events(dot_id, start, end):
        counted += 1
        if event.is_bot:
            continue
        if event.kind == SCAN:
            changes.add_scan(event, zone)
            if event.visitor:
                seen = (day_and_hour(event.at, zone)[0], event.visitor)
                visitors[seen] = min(visitors.get(seen, (event.at, event.language)), (event.at, event.language))
            continue
        changes.add_heard(event, zone)
        if event.visit:
            visits[dot_id, event.visit].add(event)
        elif event.kind == PLAY and not event.is_repeat:
            changes.add_play(event, zone)
    for key, elsewhere in visits_of(visits, before=start, since=end).items():
        for event in elsewhere:
            visits[key].add(event)
    for visit in visits.values():
        changes.add_visit(visit, zone)
    for at, language in visitors.values():
        changes.add_unique_visitor(dot_id, at, language, zone)
    return changes, visitors, counted


_FIELDS = (
    *("event_id", "kind", "at", "dot_id", "language", "is_bot", "visit", "position_ms", "heard_ms", "reached"),
    *("is_repeat", "is_printed", "visitor", "device", "system", "browser", "country", "city", "referrer"),
)


_PLAIN = _FIELDS.index("device")  # the fields before it are those of ``Happened``, in its order


def _events(dot_id: int, start: datetime, end: datetime | None) -> Iterator[Happened]:
    rows = Event.objects.filter(dot_id=dot_id, at__gte=start)
    if end is not None:
        rows = rows.filter(at__lt=end)
    for row in rows.values_list(*_FIELDS).iterator(chunk_size=1_000):
        values: Any = (*row[:_PLAIN], row[_PLAIN:])
        yield Happened(*values)


def _correct_totals(dot_id: int) -> None:
    sums = DayFigures.objects.filter(dot_id=dot_id).aggregate(scans=Sum("scans"), plays=Sum("plays"))
    set_listening(dot_id=dot_id, scans=sums["scans"] or 0, plays=sums["plays"] or 0)
