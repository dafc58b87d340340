"""Taking in what the spool holds: raw events, roll-ups, totals and misses."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generations.models import Dot, Generation, Rendition
from plays import figures, taking
from plays.figures import Scope, Share, Span, Totals
from plays.models import DayFigures, DayShare, DayVisitor, Event, HourFigures, Miss, SpoolPosition
from plays.records import MISS, Record
from plays.taking import take_in
from tests.plays.dots import make_live_dot
from tests.plays.listening import NOON, a_play, a_record, a_scan

pytestmark = pytest.mark.django_db
DAY = NOON.date()
NOW = NOON + timedelta(hours=1)
ANN, BEN = "a" * 64, "b" * 64


@pytest.fixture
def dot(alice) -> Dot:
    return make_live_dot(owner=alice, languages=("en-GB", "de-DE"))


def totals(dot: Dot, **scope: Any) -> Totals:
    return figures.totals_of(
        Scope(dot=dot, **scope), Span(DAY - timedelta(days=40), DAY + timedelta(days=2), ZoneInfo("UTC"))
    )


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def test_each_event_is_a_row_and_adds_to_the_figures(dot):
    records = [
        a_scan(dot, visitor=ANN, device="phone", country="DE", referrer="example.org", is_printed=True),
        a_play(dot, minutes(1)),
        a_record("progress", dot, minutes(1.1), visit="visit", position_ms=1000, heard_ms=1000),
        a_record("complete", dot, minutes(1.2), visit="visit", position_ms=3300, heard_ms=2300),
    ]
    assert take_in(records, now=NOW) == 4
    assert totals(dot) == Totals(scans=1, unique_visitors=1, plays=1, completions=1, heard_seconds=3.3)
    assert sorted(Event.objects.values_list("kind", "reached")) == [
        ("complete", 97),
        ("play", 0),
        ("progress", 29),
        ("scan", 0),
    ]
    assert HourFigures.objects.get().hour == NOON
    assert DayFigures.objects.get().zone == "UTC"
    curve = dict(figures.curve_of(Scope(dot=dot), Span(DAY, DAY, ZoneInfo("UTC"))))
    assert (curve[0], curve[90], curve[100]) == (1, 1, 0)
    dot.refresh_from_db()
    assert (dot.scans_count, dot.plays_count) == (1, 1)


def test_the_dot_does_not_look_edited(dot):
    before = dot.updated_at
    take_in([a_scan(dot), a_play(dot)], now=NOW)
    dot.refresh_from_db()
    assert dot.updated_at == before


def test_delivered_again_nothing_changes(dot):
    records = [a_scan(dot, visitor=ANN), a_play(dot)]
    assert take_in([*records, *records], now=NOW) == 2
    assert take_in(records, now=NOW) == 0
    assert totals(dot) == Totals(1, 1, 1, 0, 0.0)


def test_a_piece_of_a_spool_file_is_taken_in_once(dot):
    miss = Record(kind=MISS, code="ABC234", reason="unknown", at=NOON.timestamp())
    assert take_in([miss], segment="web-1.spool", taken_bytes=100, now=NOW) == 1
    assert take_in([miss], segment="web-1.spool", taken_bytes=100, now=NOW) == 0
    assert take_in([miss], segment="web-1.spool", taken_bytes=50, now=NOW) == 0
    assert take_in([miss], segment="web-1.spool", taken_bytes=200, now=NOW) == 1
    assert take_in([miss], segment="web-2.spool", taken_bytes=100, now=NOW) == 1
    assert Miss.objects.get().count == 3
    assert dict(SpoolPosition.objects.values_list("name", "taken_bytes")) == {"web-1.spool": 200, "web-2.spool": 100}


def test_all_or_nothing(dot, monkeypatch):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the machine stops here")

    with monkeypatch.context() as patch:
        patch.setattr(taking, "add_listening", fail)
        with pytest.raises(RuntimeError):
            take_in([a_scan(dot, visitor=ANN)], segment="web-1.spool", taken_bytes=100, now=NOW)
    for table in (Event, DayFigures, HourFigures, DayShare, DayVisitor, SpoolPosition):
        assert not table.objects.exists()
    assert take_in([a_scan(dot, visitor=ANN)], segment="web-1.spool", taken_bytes=100, now=NOW) == 1


def test_bots_are_kept_and_in_no_figure(dot):
    robot = {"is_bot": True}
    take_in(
        [
            a_scan(dot, visitor=ANN, **robot),
            a_play(dot, **robot),
            a_record("complete", dot, visit="visit", position_ms=3375, heard_ms=3375, **robot),
            a_record("play", dot, visitor=BEN, **robot),
        ],
        now=NOW,
    )
    assert Event.objects.filter(is_bot=True).count() == 4
    assert not DayFigures.objects.exists()
    assert not DayShare.objects.exists()
    assert not DayVisitor.objects.exists()
    dot.refresh_from_db()
    assert (dot.scans_count, dot.plays_count) == (0, 0)


# --- Late, and in any order -------------------------------------------------------------------------------------------


def test_a_visitor_counts_at_the_first_scan_of_the_day_also_when_it_comes_late(dot):
    take_in([a_scan(dot, minutes(90), visitor=ANN, language="de-DE")], now=NOW)
    assert totals(dot, language="de-DE").unique_visitors == 1
    take_in([a_scan(dot, minutes(0), visitor=ANN), a_scan(dot, minutes(30), visitor=ANN)], now=NOW)
    assert (totals(dot, language="de-DE").unique_visitors, totals(dot, language="en-GB").unique_visitors) == (0, 1)
    hours = dict(HourFigures.objects.filter(unique_visitors__gt=0).values_list("hour", "unique_visitors"))
    assert hours == {NOON: 1}
    assert totals(dot) == Totals(3, 1, 0, 0, 0.0)


def test_a_visitor_who_is_delivered_weeks_late_is_known_from_the_raw_events(dot):
    take_in([a_scan(dot, visitor=ANN)], now=NOW)
    DayVisitor.objects.all().delete()
    weeks_later = NOW + timedelta(days=20)
    take_in([a_scan(dot, minutes(5), visitor=ANN), a_scan(dot, minutes(5), visitor=BEN)], now=weeks_later)
    take_in([a_scan(dot, minutes(-5), visitor=ANN, language="de-DE")], now=weeks_later)
    assert totals(dot).unique_visitors == 2
    assert totals(dot, language="de-DE").unique_visitors == 1
    assert not DayVisitor.objects.exists()


def test_the_same_visitor_counts_once_a_day_and_on_each_day(dot):
    take_in([a_scan(dot, NOON + timedelta(days=n), visitor=ANN) for n in (-1, 0, 0)], now=NOW)
    assert totals(dot).unique_visitors == 2
    assert totals(dot).scans == 3


def test_who_cannot_be_told_apart_is_no_unique_visitor(dot):
    take_in([a_scan(dot), a_scan(dot)], now=NOW)
    assert totals(dot) == Totals(2, 0, 0, 0, 0.0)


def test_a_beacon_that_is_sent_again_counts_when_it_was_sent_first(dot):
    first, again = a_play(dot, minutes(-12 * 60 - 1)), a_play(dot, minutes(0))
    for deliveries in ([first, again], [again, first], [again, first, again]):
        Event.objects.all().delete()
        for table in (DayFigures, HourFigures, DayShare):
            table.objects.all().delete()
        for record in deliveries:
            take_in([record], now=NOW)
        assert Event.objects.get().at == minutes(-12 * 60 - 1)
        assert dict(DayFigures.objects.filter(plays__gt=0).values_list("day", "plays")) == {DAY - timedelta(days=1): 1}


def test_a_visit_over_midnight_belongs_to_the_day_on_which_it_began(dot):
    midnight = datetime(2026, 11, 18, tzinfo=UTC)
    records = [
        a_play(dot, midnight - timedelta(seconds=1)),
        a_record("progress", dot, midnight + timedelta(seconds=1), visit="visit", position_ms=1700, heard_ms=1700),
        a_record("complete", dot, midnight + timedelta(seconds=2), visit="visit", position_ms=3375, heard_ms=1675),
    ]
    for record in reversed(records):
        take_in([record], now=NOW)
    days = {row.day.day: (row.plays, row.completions, row.heard_ms) for row in DayFigures.objects.all()}
    assert days == {17: (1, 0, 0), 18: (0, 1, 3375)}
    reached = DayShare.objects.filter(dimension="reached", count__gt=0)
    assert set(reached.values_list("day", flat=True)) == {date(2026, 11, 17)}
    assert reached.count() == 11


@pytest.mark.parametrize("seed", range(3))
def test_plays_without_a_script_count_once_in_half_an_hour_in_whatever_order_they_come(dot, seed):
    records = [a_record("play", dot, minutes(number), visitor=ANN) for number in (0, 10, 29.9, 30, 31, 59, 61, 95, 200)]
    records.append(a_record("play", dot, minutes(10), visitor=BEN))
    random.Random(seed).shuffle(records)
    for record in records:
        take_in([record], now=NOON + timedelta(hours=4))
    counted = Event.objects.filter(visitor=ANN, is_repeat=False).order_by("at").values_list("at", flat=True)
    assert list(counted) == [minutes(number) for number in (0, 30, 61, 95, 200)]
    assert totals(dot).plays == 6
    dot.refresh_from_db()
    assert dot.plays_count == 6


# --- What cannot be stored, or not any more ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "poke"},
        {"event_id": "7"},
        {"at": float("nan")},
        {"at": 1e300},
        {"at": -5e12},
        {"dot_id": None},
        {"kind": "progress", "visit": ""},
        {"position_ms": "far"},
        {"heard_ms": float("inf")},
    ],
)
def test_a_record_that_makes_no_sense_is_left_out_and_stops_nothing(dot, wrong, caplog):
    records = [replace(a_play(dot), **wrong), a_scan(dot)]
    assert take_in(records, now=NOW) == 1
    assert totals(dot).scans == 1
    assert "Not counted: 1 records" in caplog.text or "0 records that make no sense, 1 events" in caplog.text


def test_texts_and_numbers_beyond_their_columns_are_cut(dot):
    take_in([a_scan(dot, device="d" * 99, referrer="r" * 999, city="c\x00ity", language="x" * 99)], now=NOW)
    take_in([a_record("progress", dot, visit="v" * 99, position_ms=10**30, heard_ms=-(10**30))], now=NOW)
    scan, progress = Event.objects.order_by("pk")
    assert (len(scan.device), len(scan.referrer), scan.city, len(scan.language)) == (20, 100, "city", 35)
    assert (len(progress.visit), progress.position_ms, progress.heard_ms, progress.reached) == (36, 604_800_000, 0, 100)


def test_an_event_that_would_be_dropped_at_once_is_not_taken_in(dot, settings):
    settings.EVENT_MONTHS = 2
    kept, gone = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 8, 31, 23, 59, tzinfo=UTC)
    assert take_in([a_scan(dot, kept), a_scan(dot, gone), a_scan(dot, NOW + timedelta(days=2))], now=NOW) == 1
    assert Event.objects.get().at == kept


def test_hours_that_are_not_kept_any_more_are_not_written(dot):
    take_in([a_scan(dot, NOON - timedelta(days=12))], now=NOW)
    assert DayFigures.objects.get().scans == 1
    assert not HourFigures.objects.exists()


def test_records_of_a_dot_that_has_gone_are_dropped(dot, alice):
    gone = make_live_dot(owner=alice)
    records = [a_scan(gone), a_scan(dot), replace(a_scan(dot), dot_id=999_999)]
    Dot.objects.filter(pk=gone.pk).update(purged_at=NOW)
    assert take_in(records, now=NOW) == 1
    assert Event.objects.get().dot == dot


def test_an_event_stays_without_its_generation_and_says_how_far_it_came(dot):
    first = a_record("progress", dot, visit="visit", position_ms=1700)
    late = a_record("complete", dot, minutes(1), visit="visit", position_ms=3000)
    take_in([a_play(dot, minutes(-1)), first], now=NOW)
    Rendition.objects.filter(dot=dot).delete()
    Generation.objects.filter(dot=dot).delete()
    take_in([late], now=NOW)
    assert list(Event.objects.order_by("at").values_list("reached", "generation")) == [
        (0, None),
        (50, None),
        (95, None),
    ]
    curve = dict(figures.curve_of(Scope(dot=dot), Span(DAY, DAY, ZoneInfo("UTC"))))
    assert (curve[0], curve[50], curve[90]) == (1, 1, 1)


# --- Floods -----------------------------------------------------------------------------------------------------------


def test_a_flood_of_referrers_shares_a_row_and_nothing_is_lost_from_the_sum(dot):
    for start in range(0, 600, 100):
        take_in([a_scan(dot, referrer=f"r{number}.example.org") for number in range(start, start + 100)], now=NOW)
    take_in([a_scan(dot, referrer="r5.example.org")], now=NOW)
    shares = figures.shares_of(Scope(dot=dot), Span(DAY, DAY, ZoneInfo("UTC")), "referrer")
    assert shares[0] == Share("other", 400)
    assert shares[1] == Share("r5.example.org", 2)
    assert len(shares) == 201
    assert sum(share.count for share in shares) == totals(dot).scans == 601


def test_a_scanner_of_codes_fills_one_row_a_day(dot, monkeypatch):
    monkeypatch.setattr(taking, "MISSED_CODES_A_DAY", 5)

    def misses(*codes: str, at: datetime = NOON) -> None:
        take_in([Record(kind=MISS, code=code, reason="unknown", at=at.timestamp()) for code in codes], now=NOW)

    misses(*[f"AAAAA{number}" for number in range(4)])
    misses(*[f"BBBBB{number}" for number in range(4)])
    misses("AAAAA1", "aaaaa1", "CCCCC1")
    misses("CCCCC1", at=NOON - timedelta(days=1))
    counts = {(row.day.day, row.code): row.count for row in Miss.objects.all()}
    assert counts == {
        **{(18, f"AAAAA{number}"): 1 for number in (0, 2, 3)},
        **{(18, "AAAAA1"): 3, (18, "BBBBB0"): 1, (18, ""): 4, (17, "CCCCC1"): 1},
    }


def test_a_visit_that_never_ends_is_cut_off(dot, monkeypatch, caplog):
    monkeypatch.setattr(taking, "VISIT_EVENTS_AT_MOST", 10)
    records = [a_record("progress", dot, minutes(n), visit="visit", position_ms=n, heard_ms=1) for n in range(15)]
    assert take_in(records, now=NOW) == 10
    assert "5 events of visits" in caplog.text


def test_how_many_questions_are_asked_does_not_grow_with_the_crowd(dot):
    def crowd(size: int, first: int) -> list[Record]:
        everybody = range(first, first + size)
        return [
            *[a_scan(dot, visitor=f"{number:064}", device="phone") for number in everybody],
            *[a_play(dot, visit=str(uuid.uuid4())) for _number in everybody],
        ]

    take_in(crowd(5, 0), now=NOW)  # the first of a day makes rows that the others find
    counts = []
    for size, first in ((10, 100), (100, 1000)):
        records = crowd(size, first)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            take_in(records, now=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] < 30


def test_days_are_cut_where_the_owner_lives(alice, dot):
    alice.timezone = "Pacific/Auckland"
    alice.save()
    take_in([a_scan(dot, datetime(2026, 11, 18, 11, 30, tzinfo=UTC))], now=NOW)  # half past midnight there
    row = DayFigures.objects.get()
    assert (row.day, row.zone) == (date(2026, 11, 19), "Pacific/Auckland")


def test_an_unknown_time_zone_counts_as_utc(alice, dot):
    alice.timezone = "Mars/Olympus_Mons"
    alice.save()
    take_in([a_scan(dot)], now=NOW)
    assert DayFigures.objects.get().zone == "UTC"
