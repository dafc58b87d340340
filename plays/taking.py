"""Taking in: what was appended to the spool becomes raw events and figures, in one transaction.

Records may come late, again, and in any order; the figures are the same. What can be told from one event alone is
added when its row is new. What needs several events is worked out from the raw events before and after, and the
difference is added: a visit's play, completion and reach from the visit's events (a page view has few), a play without
a script from the visitor's neighbouring ones, a unique visitor from the first scan of the day. The rules themselves are
in :mod:`plays.contributions`.

One process takes in at a time, so that nobody works from a state that somebody else is changing.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from generations.models import Dot, Generation
from generations.services import add_listening
from plays import tables
from plays.contributions import (
    PLAY,
    SCAN,
    VISITOR_PAUSE,
    Changes,
    Happened,
    Visit,
    percent_reached,
    repeats,
)
from plays.days import day_and_hour, day_start, known_zone
from plays.models import DayVisitor, Event, Miss, SpoolPosition
from plays.records import MISS, Record
from plays.retention import DAY_VISITOR_DAYS, raw_since
from plays.rollups import apply

logger = logging.getLogger(__name__)

VISIT_EVENTS_AT_MOST = 2_000  # five hours of a player that tells every ten seconds
MISSED_CODES_A_DAY = 10_000
LONGEST_MS = 7 * 24 * 3600 * 1000
_FROM_A_FAST_CLOCK = timedelta(days=1)  # the farthest that an event may be in the future

_TURN = 0x4D44_504C  # PostgreSQL's advisory lock; any number that nobody else uses

VisitKey = tuple[int, str]  # dot, visit


def take_in(records: Iterable[Record], *, segment: str = "", taken_bytes: int = 0, now: datetime | None = None) -> int:
    """Take records in, all or none of them.

    Args:
        segment: the spool file that they were read from, if any.
        taken_bytes: how far into it they reach. Where it was taken in as far as that, nothing happens.
        now: for tests.

    Returns:
        How many events and misses were new.

    Raises:
        DatabaseError: nothing was taken in; the same again will do.
    """
    now = now or timezone.now()
    records = list(records)
    with transaction.atomic():
        wait_for_turn()
        if segment and not _has_advanced(segment, taken_bytes):
            return 0
        misses = [record for record in records if record.kind == MISS]
        incoming = list(_sound(records, now))
        new = _take_in_events(incoming, now) if incoming else 0
        return new + (_count_misses(misses) if misses else 0)


def wait_for_turn() -> None:
    """Within a transaction: go on when nobody else is taking in or rebuilding. On SQLite it has begun that way."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def _has_advanced(segment: str, taken_bytes: int) -> bool:
    row = SpoolPosition.objects.filter(name=segment).first()
    if row is None:
        SpoolPosition.objects.create(name=segment, taken_bytes=taken_bytes)
        return True
    if row.taken_bytes >= taken_bytes:
        return False
    row.taken_bytes = taken_bytes
    row.save(update_fields=["taken_bytes", "updated_at"])
    return True


# --- What is let in ---------------------------------------------------------------------------------------------------


class Incoming:
    """An event with what only its raw row holds."""

    __slots__ = ("generation_id", "happened")

    def __init__(self, happened: Happened, generation_id: int | None) -> None:
        self.happened = happened
        self.generation_id = generation_id


def _sound(records: Sequence[Record], now: datetime) -> Iterator[Incoming]:
    """The events that can be stored. What cannot be is left out with a line in the log: it must not stop the others."""
    oldest, newest = raw_since(now), now + _FROM_A_FAST_CLOCK
    senseless = out_of_time = 0
    for record in records:
        if record.kind == MISS:
            continue
        try:
            incoming = _read(record)
        except (ValueError, TypeError, OverflowError, OSError):
            senseless += 1
            continue
        if oldest <= incoming.happened.at <= newest:
            yield incoming
        else:
            out_of_time += 1
    if senseless or out_of_time:
        logger.warning(
            "Not counted: %d records that make no sense, %d events too old or not yet due", senseless, out_of_time
        )


def _read(record: Record) -> Incoming:
    kind = str(Event.Kind(record.kind))
    visit = "" if kind == SCAN else _text(record.visit, 36)
    if not visit and kind not in (SCAN, PLAY):
        raise ValueError("no visit")
    if record.dot_id is None:
        raise ValueError("no dot")
    happened = Happened(
        event_id=UUID(record.event_id),
        kind=kind,
        at=datetime.fromtimestamp(float(record.at), UTC),
        dot_id=int(record.dot_id),
        language=_text(record.language, 35),
        is_bot=bool(record.is_bot),
        visit=visit,
        position_ms=_milliseconds(record.position_ms),
        heard_ms=_milliseconds(record.heard_ms),
        is_printed=bool(record.is_printed),
        visitor=_text(record.visitor, 64),
        attributes=(
            _text(record.device, 20),
            _text(record.system, 40),
            _text(record.browser, 40),
            _text(record.country, 2),
            _text(record.city, 80),
            _text(record.referrer, 100),
        ),
    )
    return Incoming(happened, None if record.generation_id is None else int(record.generation_id))


def _text(value: str, limit: int) -> str:
    return str(value).replace("\x00", "")[:limit] if value else ""


def _milliseconds(value: float) -> int:
    return min(max(int(value), 0), LONGEST_MS)


# --- Events -----------------------------------------------------------------------------------------------------------


def _take_in_events(incoming: list[Incoming], now: datetime) -> int:
    zones = _zones_of({one.happened.dot_id for one in incoming})
    # Whose dot has gone is of no use to anybody.
    by_id = {one.happened.event_id: one for one in reversed(incoming) if one.happened.dot_id in zones}
    for event_id in _known_ids(by_id):
        del by_id[event_id]
    _work_out_reach(by_id.values())
    changes = Changes()
    scans, without_script, in_visits = _by_rule(one.happened for one in by_id.values())
    kept = [*_count_scans(scans, zones, changes, now), *_count_without_script(without_script, zones, changes)]
    kept += _count_visits(in_visits, zones, changes)
    _insert([by_id[event.event_id] for event in kept])
    apply(changes, zones=zones, now=now)
    add_listening(changes.totals())
    return len(kept)


def _by_rule(events: Iterable[Happened]) -> tuple[list[Happened], list[Happened], list[Happened]]:
    scans: list[Happened] = []
    without_script: list[Happened] = []
    in_visits: list[Happened] = []
    for event in sorted(events, key=lambda event: event.order):
        (scans if event.kind == SCAN else in_visits if event.visit else without_script).append(event)
    return scans, without_script, in_visits


def _zones_of(dot_ids: Iterable[int]) -> dict[int, ZoneInfo]:
    """The time zone that each dot's days are cut in; a dot that has gone has none."""
    rows = Dot.objects.filter(purged_at=None)
    return {
        pk: known_zone(name)
        for some in tables.chunks(dot_ids)
        for pk, name in rows.filter(pk__in=some).values_list("pk", "owner__timezone")
    }


def _known_ids(event_ids: Iterable[UUID]) -> list[UUID]:
    rows = Event.objects.values_list("event_id", flat=True)
    return [event_id for some in tables.chunks(event_ids) for event_id in rows.filter(event_id__in=some)]


def _work_out_reach(incoming: Iterable[Incoming]) -> None:
    incoming = list(incoming)
    named = {one.generation_id for one in incoming if one.generation_id is not None}
    rows = Generation.objects.values_list("pk", "duration_ms")
    durations = {pk: duration for some in tables.chunks(named) for pk, duration in rows.filter(pk__in=some)}
    for one in incoming:
        if one.generation_id not in durations:
            one.generation_id = None  # it was deleted
        duration = durations.get(one.generation_id) if one.generation_id is not None else None
        event = one.happened
        if event.kind != SCAN:
            event.reached = percent_reached(kind=event.kind, position_ms=event.position_ms, duration_ms=duration)


# --- Scans and unique visitors ----------------------------------------------------------------------------------------


def _count_scans(scans: list[Happened], zones: dict[int, ZoneInfo], changes: Changes, now: datetime) -> list[Happened]:
    firsts: dict[tuple[int, date, str], Happened] = {}
    for scan in scans:
        zone = zones[scan.dot_id]
        changes.add_scan(scan, zone)
        if scan.visitor and not scan.is_bot:
            key = (scan.dot_id, day_and_hour(scan.at, zone)[0], scan.visitor)
            if key not in firsts or _first(scan) < _first(firsts[key]):
                firsts[key] = scan
    if firsts:
        _count_visitors(firsts, zones, changes, now)
    return scans


def _first(scan: Happened) -> tuple[datetime, str]:
    return scan.at, scan.language


def _count_visitors(
    firsts: dict[tuple[int, date, str], Happened], zones: dict[int, ZoneInfo], changes: Changes, now: datetime
) -> None:
    # Of days that long ago the visitors are being cleared away; the raw events still know.
    since = now.date() - timedelta(days=DAY_VISITOR_DAYS - 1)
    recent = {key: scan for key, scan in firsts.items() if key[1] >= since}
    late = {key: scan for key, scan in firsts.items() if key[1] < since}
    known = {**_known_visitors(recent), **_known_of_raw_events(late, zones)}
    unknown: list[tuple[int, date, str, datetime, str]] = []
    earlier: list[tuple[int, date, str, datetime, str]] = []
    for key, scan in firsts.items():
        zone = zones[scan.dot_id]
        if (before := known.get(key)) is not None:
            if before <= _first(scan):
                continue
            changes.add_unique_visitor(scan.dot_id, *before, zone, -1)
        changes.add_unique_visitor(scan.dot_id, *_first(scan), zone)
        if key in recent:
            (unknown if before is None else earlier).append((*key, *_first(scan)))
    tables.write(DayVisitor, ("dot_id", "day", "visitor", "first_at", "language"), unknown)
    tables.execute_many(
        f"UPDATE {tables.table(DayVisitor)} SET first_at = %s, language = %s"  # noqa: S608 - a name of our own
        " WHERE dot_id = %s AND day = %s AND visitor = %s",
        [(first_at, language, dot_id, day, visitor) for dot_id, day, visitor, first_at, language in earlier],
    )


def _known_visitors(keys: Iterable[tuple[int, date, str]]) -> dict[tuple[int, date, str], tuple[datetime, str]]:
    rows = tables.matching(
        "SELECT v.dot_id, v.day, v.visitor, v.first_at, v.language FROM wanted"  # noqa: S608 - a name of our own
        f" CROSS JOIN {tables.table(DayVisitor)} v"
        " WHERE v.dot_id = wanted.dot_id AND v.day = wanted.day AND v.visitor = wanted.visitor",
        ("dot_id", "day", "visitor"),
        keys,
    )
    return {
        (dot_id, tables.as_day(day), visitor): (tables.as_instant(first_at), language)
        for dot_id, day, visitor, first_at, language in rows
    }


def _known_of_raw_events(
    keys: Iterable[tuple[int, date, str]], zones: dict[int, ZoneInfo]
) -> dict[tuple[int, date, str], tuple[datetime, str]]:
    visitors: defaultdict[tuple[int, date], set[str]] = defaultdict(set)
    for dot_id, day, visitor in keys:
        visitors[dot_id, day].add(visitor)
    found: dict[tuple[int, date, str], tuple[datetime, str]] = {}
    for (dot_id, day), wanted in visitors.items():
        start, end = (day_start(day + timedelta(days=more), zones[dot_id]) for more in (0, 1))
        rows = Event.objects.filter(dot_id=dot_id, at__gte=start, at__lt=end, kind=SCAN, is_bot=False)
        for visitor, at, language in rows.exclude(visitor="").values_list("visitor", "at", "language").iterator():
            if visitor in wanted:
                key = (dot_id, day, visitor)
                found[key] = min(found.get(key, (at, language)), (at, language))
    return found


# --- Plays without a script -------------------------------------------------------------------------------------------


def _count_without_script(plays: list[Happened], zones: dict[int, ZoneInfo], changes: Changes) -> list[Happened]:
    of_visitors: defaultdict[tuple[int, str], list[Happened]] = defaultdict(list)
    for play in plays:
        if play.is_bot:
            continue
        if play.visitor:
            of_visitors[play.dot_id, play.visitor].append(play)
        else:  # nobody can tell whether it is a repeat; see visitors.has_just_played
            changes.add_play(play, zones[play.dot_id])
    stored = _neighbours({key: min(play.at for play in new) for key, new in of_visitors.items()})
    turned: list[tuple[bool, int]] = []
    for key, new in of_visitors.items():
        begin, zone = min(play.at for play in new), zones[key[0]]
        before = [play.at for play in stored[key] if play.at < begin and not play.is_repeat]
        tail = sorted([*new, *(play for play in stored[key] if play.at >= begin)], key=lambda play: play.order)
        for play, is_repeat in repeats(tail, max(before, default=None)):
            if play.pk is None:
                play.is_repeat = is_repeat
                if not is_repeat:
                    changes.add_play(play, zone)
            elif play.is_repeat != is_repeat:
                changes.add_play(play, zone, -1 if is_repeat else 1)
                turned.append((is_repeat, play.pk))
    statement = f"UPDATE {tables.table(Event)} SET is_repeat = %s WHERE id = %s"  # noqa: S608 - a name of our own
    tables.execute_many(statement, turned)
    return plays


def _neighbours(begins: dict[tuple[int, str], datetime]) -> defaultdict[tuple[int, str], list[Happened]]:
    """Stored plays of these visitors: the last ones that may make the new ones repeats, and all that follow."""
    rows = tables.matching(
        "SELECT e.id, e.event_id, e.at, e.dot_id, e.language, e.visitor, e.is_repeat FROM wanted"  # noqa: S608 - own
        f" CROSS JOIN {tables.table(Event)} e"
        " WHERE e.dot_id = wanted.dot_id AND e.visitor = wanted.visitor AND e.at > wanted.since"
        " AND (e.at >= wanted.begin OR NOT e.is_repeat) AND NOT e.is_bot AND e.kind = 'play' AND e.visit = ''",
        ("dot_id", "visitor", "begin", "since"),
        [(dot_id, visitor, begin, begin - VISITOR_PAUSE) for (dot_id, visitor), begin in begins.items()],
    )
    found: defaultdict[tuple[int, str], list[Happened]] = defaultdict(list)
    for pk, event_id, at, dot_id, language, visitor, is_repeat in rows:
        play = Happened(tables.as_uuid(event_id), PLAY, tables.as_instant(at), dot_id, language)
        play.pk, play.visitor, play.is_repeat = pk, visitor, bool(is_repeat)
        found[dot_id, visitor].append(play)
    return found


# --- Visits -----------------------------------------------------------------------------------------------------------


def _count_visits(events: list[Happened], zones: dict[int, ZoneInfo], changes: Changes) -> list[Happened]:
    new: defaultdict[VisitKey, list[Happened]] = defaultdict(list)
    for event in events:
        new[event.dot_id, event.visit].append(event)
    stored = visits_of(new)
    gone: list[int] = []
    kept: list[Happened] = []
    refused = 0
    for visit, arriving in new.items():
        zone = zones[visit[0]]
        before = stored[visit]
        after = {(event.kind, event.position_ms): event for event in before}
        for event in arriving:  # in order of time
            same = after.get((event.kind, event.position_ms))
            if same is None and len(after) >= VISIT_EVENTS_AT_MOST:
                refused += 1
            elif same is None or event.order < same.order:  # sent again: the first is the one that counts
                after[event.kind, event.position_ms] = event
        fresh = [event for event in after.values() if event.pk is None]
        if not fresh:
            continue
        replaced = {event.pk for event in before} - {event.pk for event in after.values()}
        gone += [pk for pk in replaced if pk is not None]
        for event in before:
            if event.pk in replaced:
                changes.add_heard(event, zone, -1)
        for event in fresh:
            changes.add_heard(event, zone)
        changes.add_visit(summary(visit, before), zone, -1)
        changes.add_visit(summary(visit, after.values()), zone)
        kept += fresh
    if refused:
        logger.warning("%d events of visits that have sent %d already are not counted", refused, VISIT_EVENTS_AT_MOST)
    for some in tables.chunks(gone):
        Event.objects.filter(pk__in=some).delete()
    return kept


def summary(key: VisitKey, events: Iterable[Happened]) -> Visit:
    """What counts of all of a visit's events."""
    visit = Visit(key[0])
    for event in events:
        visit.add(event)
    return visit


def visits_of(
    visits: Iterable[VisitKey], *, before: datetime | None = None, since: datetime | None = None
) -> defaultdict[VisitKey, list[Happened]]:
    """The stored events of visits; with ``before`` only those before it, and with ``since`` also those from then on."""
    found: defaultdict[VisitKey, list[Happened]] = defaultdict(list)
    limits = {name: at for name, at in (("before", before), ("since", since)) if at is not None}
    # Asked of the database: of a day's visits all but a few events are within it.
    elsewhere = " AND e.at < wanted.before" if before else ""
    if before and since:
        elsewhere = " AND (e.at < wanted.before OR e.at >= wanted.since)"
    rows = tables.matching(
        # The name of our own table is all that is put in.
        "SELECT e.id, e.event_id, e.kind, e.at, e.dot_id, e.language, e.is_bot, e.visit, e.position_ms,"  # noqa: S608
        f" e.heard_ms, e.reached FROM wanted CROSS JOIN {tables.table(Event)} e"
        # The index of visits is for those that are named, and has to be told so.
        f" WHERE e.dot_id = wanted.dot_id AND e.visit = wanted.visit AND NOT (e.visit = ''){elsewhere}",
        ("dot_id", "visit", *limits),
        ((*visit, *limits.values()) for visit in visits),
    )
    for pk, event_id, kind, at, dot_id, language, is_bot, visit, position_ms, heard_ms, reached in rows:
        found[dot_id, visit].append(
            Happened(
                event_id=tables.as_uuid(event_id),
                kind=kind,
                at=tables.as_instant(at),
                dot_id=dot_id,
                language=language,
                is_bot=bool(is_bot),
                visit=visit,
                position_ms=position_ms,
                heard_ms=heard_ms,
                reached=reached,
                pk=pk,
            )
        )
    return found


# --- Writing ----------------------------------------------------------------------------------------------------------

_COLUMNS = (
    *("event_id", "kind", "at", "dot_id", "generation_id", "language", "is_printed", "is_bot", "visit", "position_ms"),
    *("heard_ms", "reached", "is_repeat", "visitor", "device", "system", "browser", "country", "city", "referrer"),
)


def _insert(incoming: Iterable[Incoming]) -> None:
    def row(one: Incoming) -> tuple[Any, ...]:
        event = one.happened
        return (
            *(event.event_id, event.kind, event.at, event.dot_id, one.generation_id, event.language, event.is_printed),
            *(event.is_bot, event.visit, event.position_ms, event.heard_ms, event.reached, event.is_repeat),
            *(event.visitor, *event.attributes),
        )

    tables.write(Event, _COLUMNS, map(row, incoming))


def _count_misses(misses: Sequence[Record]) -> int:
    """A counter for each code and day; a scanner that tries them all cannot fill the disk: the rest share one."""
    counts: defaultdict[tuple[date, str, str], int] = defaultdict(int)
    for record in misses:
        try:
            day = datetime.fromtimestamp(float(record.at), UTC).date()
        except (ValueError, TypeError, OverflowError, OSError):
            continue
        counts[day, _text(record.code, 8).upper(), _text(record.reason, 10)] += 1
    bounded: defaultdict[tuple[date, str, str], int] = defaultdict(int)
    for day in {day for day, _code, _reason in counts}:
        rows = Miss.objects.filter(day=day)
        codes = {code for other_day, code, _reason in counts if other_day == day}
        known = {
            code for some in tables.chunks(codes) for code in rows.filter(code__in=some).values_list("code", flat=True)
        }
        room = MISSED_CODES_A_DAY
        if codes - known:
            room -= rows.exclude(code="").values("code").distinct().count()
        named = known | set(sorted(codes - known)[: max(room, 0)])
        for (other_day, code, reason), count in counts.items():
            if other_day == day:
                bounded[day, code if code in named else "", reason] += count
    tables.write(
        Miss,
        ("day", "code", "reason", "count"),
        [(*key, count) for key, count in sorted(bounded.items())],
        f"ON CONFLICT (day, code, reason) DO UPDATE SET {tables.adding(['count'], Miss)}",
    )
    return len(misses)
