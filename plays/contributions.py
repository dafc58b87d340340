"""What an event adds to the figures: every rule of counting, and no database.

=================  ===================================================================================================
in no figure       bots
scan               each scan
unique visitor     the first scan of a visitor of a dot on a day, at its hour and in its language. Who cannot be told
                   apart from others (see :mod:`plays.visitors`) is in no figure of visitors
play               the first ``play`` of a visit; without a script, a play that no counted one of the same visitor
                   went before by less than half an hour
completion         the first ``complete`` of a visit
heard              the sum of what all events say was heard
heard to p percent a visit with a play, when any of its events reached so far; every play is at 0. It belongs to the
                   day and the language of the play. A position counts as what it is in percent of the audio, from
                   99.5 as 100; ``complete``, which players send from 95 on, as 95 at least
shares             of scans: device, system, browser, country, city, referrer, and printed code or shared link
=================  ===================================================================================================

A day and an hour are those of the event's own instant in the time zone of the dot's account. "First" is the earliest
by the clock, whatever the order in which events are delivered; of two at one instant the one with the smaller id, and
of two scans the one in the language that the alphabet has first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from plays.days import day_and_hour
from plays.models import DayShare, Event

VISITOR_PAUSE = timedelta(minutes=30)  # a visitor's asking for the audio is one play within this time
STEPS = tuple(range(0, 101, 10))  # percent
COMPLETE_PERCENT = 95

SCAN, PLAY, COMPLETE = str(Event.Kind.SCAN), str(Event.Kind.PLAY), str(Event.Kind.COMPLETE)
PRINTED, LINK = "printed", "link"

# What is counted, in the order of the lists below.
MEASURES = ("scans", "unique_visitors", "plays", "completions", "heard_ms")
SCANS, UNIQUE_VISITORS, PLAYS, COMPLETIONS, HEARD = range(5)

_REACHED = str(DayShare.Dimension.REACHED)
_SOURCE = str(DayShare.Dimension.SOURCE)
ATTRIBUTES = tuple(
    str(name)
    for name in (
        DayShare.Dimension.DEVICE,
        DayShare.Dimension.SYSTEM,
        DayShare.Dimension.BROWSER,
        DayShare.Dimension.COUNTRY,
        DayShare.Dimension.CITY,
        DayShare.Dimension.REFERRER,
    )
)


@dataclass(slots=True)
class Happened:
    """An event as far as figures are concerned."""

    event_id: UUID
    kind: str
    at: datetime
    dot_id: int
    language: str
    is_bot: bool = False
    visit: str = ""
    position_ms: int = 0
    heard_ms: int = 0
    reached: int = 0  # percent
    is_repeat: bool = False
    is_printed: bool = False
    visitor: str = ""
    attributes: tuple[str, ...] = ("",) * len(ATTRIBUTES)
    pk: int | None = None  # None: not in the database yet

    @property
    def order(self) -> tuple[datetime, UUID]:
        return self.at, self.event_id


@dataclass(slots=True)
class Visit:
    """What counts of a visit, however many events it has."""

    dot_id: int
    # The first of its kind: instant, id, language.
    play: tuple[datetime, UUID, str] | None = None
    completion: tuple[datetime, UUID, str] | None = None
    reached: int = 0  # percent

    def add(self, event: Happened) -> None:
        if event.is_bot:
            return
        self.reached = max(self.reached, event.reached)
        told = event.at, event.event_id, event.language
        if event.kind == PLAY:
            self.play = told if self.play is None else min(self.play, told)
        elif event.kind == COMPLETE:
            self.completion = told if self.completion is None else min(self.completion, told)


def percent_reached(*, kind: str, position_ms: int, duration_ms: int | None) -> int:
    """How far a position is into the audio.

    Args:
        duration_ms: None where it is not known: then only ``complete`` says anything.
    """
    percent = 0
    if duration_ms:
        percent = 100 if position_ms * 1000 >= duration_ms * 995 else position_ms * 100 // duration_ms
    return max(percent, COMPLETE_PERCENT) if kind == COMPLETE else percent


def _nothing() -> list[int]:
    return [0] * len(MEASURES)


@dataclass(slots=True)
class Changes:
    """What is to be added to the roll-ups; subtracted where it is negative."""

    days: defaultdict[tuple[int, date, str], list[int]] = field(default_factory=lambda: defaultdict(_nothing))
    hours: defaultdict[tuple[int, datetime, str], list[int]] = field(default_factory=lambda: defaultdict(_nothing))
    # dot, day, language, dimension, value
    shares: defaultdict[tuple[int, date, str, str, str], int] = field(default_factory=lambda: defaultdict(int))

    def _add_at(self, what: int, dot_id: int, at: datetime, language: str, zone: ZoneInfo, number: int) -> None:
        day, hour = day_and_hour(at, zone)
        self.days[dot_id, day, language][what] += number
        self.hours[dot_id, hour, language][what] += number

    def add_unique_visitor(self, dot_id: int, at: datetime, language: str, zone: ZoneInfo, sign: int = 1) -> None:
        """A visitor of a day, with instant and language of the day's first scan."""
        self._add_at(UNIQUE_VISITORS, dot_id, at, language, zone, sign)

    def add_scan(self, scan: Happened, zone: ZoneInfo) -> None:
        """A scan with all that it says of the visitor, but for being a unique one."""
        if scan.is_bot:
            return
        day, hour = day_and_hour(scan.at, zone)
        dot_id, language, shares = scan.dot_id, scan.language, self.shares
        self.days[dot_id, day, language][SCANS] += 1
        self.hours[dot_id, hour, language][SCANS] += 1
        for dimension, value in zip(ATTRIBUTES, scan.attributes, strict=True):
            shares[dot_id, day, language, dimension, value] += 1
        shares[dot_id, day, language, _SOURCE, PRINTED if scan.is_printed else LINK] += 1

    def add_heard(self, event: Happened, zone: ZoneInfo, sign: int = 1) -> None:
        """What one event says was heard since the one before."""
        if event.heard_ms and not event.is_bot:
            self._add_at(HEARD, event.dot_id, event.at, event.language, zone, sign * event.heard_ms)

    def add_visit(self, visit: Visit, zone: ZoneInfo, sign: int = 1) -> None:
        """A visit's play, completion and how far it came; not what it heard."""
        if visit.play:
            at, _event_id, language = visit.play
            self._add_play_at(visit.dot_id, at, language, zone, sign, visit.reached)
        if visit.completion:
            at, _event_id, language = visit.completion
            self._add_at(COMPLETIONS, visit.dot_id, at, language, zone, sign)

    def add_play(self, play: Happened, zone: ZoneInfo, sign: int = 1) -> None:
        """A play without a script that counts."""
        self._add_play_at(play.dot_id, play.at, play.language, zone, sign, 0)

    def _add_play_at(self, dot_id: int, at: datetime, language: str, zone: ZoneInfo, sign: int, reached: int) -> None:
        self._add_at(PLAYS, dot_id, at, language, zone, sign)
        day = day_and_hour(at, zone)[0]
        for step in STEPS:
            if reached >= step:
                self.shares[dot_id, day, language, _REACHED, str(step)] += sign

    def totals(self) -> dict[int, tuple[int, int]]:
        """Scans and plays for each dot, of all its days."""
        totals: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        for (dot_id, _day, _language), numbers in self.days.items():
            totals[dot_id][0] += numbers[SCANS]
            totals[dot_id][1] += numbers[PLAYS]
        return {dot_id: (scans, plays) for dot_id, (scans, plays) in totals.items() if scans or plays}


def repeats(plays: Iterable[Happened], counted_at: datetime | None) -> Iterable[tuple[Happened, bool]]:
    """Which plays without a script are repeats.

    Args:
        plays: of one visitor of one dot, in order of time; no bot's.
        counted_at: when the last one before them that counts was, if any.
    """
    for play in plays:
        is_repeat = counted_at is not None and play.at - counted_at < VISITOR_PAUSE
        if not is_repeat:
            counted_at = play.at
        yield play, is_repeat
