"""Roll-ups made anew: the command, a change of zone, and what goes when."""

from __future__ import annotations

import random
import tracemalloc
import uuid
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.erasure import erase
from accounts.services import update_profile
from accounts.signals import account_export
from generations.models import Dot
from plays import figures, rebuilding, retention, tasks
from plays.figures import Scope, Span
from plays.management.commands import rebuild_rollups
from plays.models import (
    DailySalt,
    DayFigures,
    DayShare,
    DayVisitor,
    Event,
    HourFigures,
    ListeningSettings,
    Miss,
    SpoolPosition,
)
from plays.records import Record
from plays.taking import take_in
from tests.plays.counted_by_hand import assert_the_same, count
from tests.plays.dots import make_live_dot
from tests.plays.listening import NOON, a_play, a_record, a_scan

pytestmark = pytest.mark.django_db
NOW = NOON + timedelta(hours=1)
UTC_ZONE = ZoneInfo("UTC")
DURATION_MS = 3_375


@pytest.fixture
def dot(alice) -> Dot:
    return make_live_dot(owner=alice)


def a_week(dot: Dot, until: datetime = NOON) -> list[Record]:
    chance = random.Random(7)
    records = []
    for _number in range(120):
        at = until - timedelta(seconds=chance.randrange(7 * 24 * 3600))
        visit = str(uuid.UUID(int=chance.getrandbits(128)))
        records += [
            a_scan(dot, at, visitor=chance.choice("abc") * 64, device=chance.choice(["phone", "tablet"])),
            a_play(dot, at, visit),
            a_record("progress", dot, at + timedelta(minutes=40), visit=visit, position_ms=1800, heard_ms=1800),
            a_record("play", dot, at, visitor="d" * 64),
        ]
    return records


def everything(dot: Dot) -> dict[str, Any]:
    """All roll-ups, without what has only zeros."""
    measures = ("scans", "unique_visitors", "plays", "completions", "heard_ms")
    of_dot = {"dot": dot}
    return {
        "days": {
            row[:3]: row[3:]
            for row in DayFigures.objects.filter(**of_dot).values_list("day", "language", "zone", *measures)
            if any(row[3:])
        },
        "hours": {
            row[:2]: row[2:]
            for row in HourFigures.objects.filter(**of_dot).values_list("hour", "language", *measures)
            if any(row[2:])
        },
        "shares": set(
            DayShare.objects.filter(count__gt=0, **of_dot).values_list("day", "language", "dimension", "value", "count")
        ),
        "visitors": set(DayVisitor.objects.filter(**of_dot).values_list("day", "visitor", "first_at", "language")),
        "totals": Dot.objects.values_list("scans_count", "plays_count").get(pk=dot.pk),
    }


@pytest.mark.parametrize("at_once", [10_000, 25])
def test_made_anew_they_are_what_they_were(dot, monkeypatch, at_once):
    monkeypatch.setattr(rebuilding, "EVENTS_AT_ONCE", at_once)
    take_in(a_week(dot), now=NOW)
    retention.tidy(NOW)
    before = everything(dot)
    DayVisitor.objects.filter(
        day__lt=NOON.date() - timedelta(days=2)
    ).delete()  # rebuilt are those that are still needed
    before["visitors"] = everything(dot)["visitors"]

    assert rebuilding.rebuild_dot(dot.pk, now=NOW) == Event.objects.count() == 480
    assert everything(dot) == before

    DayFigures.objects.update(scans=77, plays=0)
    DayShare.objects.all().delete()
    HourFigures.objects.update(heard_ms=5)
    DayVisitor.objects.all().delete()
    Dot.objects.update(scans_count=0, plays_count=3)
    rebuilding.rebuild_dot(dot.pk, now=NOW)
    assert everything(dot) == before


def test_a_day_of_many_events_is_not_kept_in_memory(dot):
    def memory_for(events_of_a_visit: int) -> int:
        Event.objects.all().delete()
        Event.objects.bulk_create(
            Event(
                event_id=uuid.uuid4(), kind="progress", at=NOON, dot=dot, language="en-GB",
                visit=f"{number % 20:032}", position_ms=number, heard_ms=1,
            )
            for number in range(20 * events_of_a_visit)
        )  # fmt: skip
        tracemalloc.start()
        assert rebuilding.rebuild_dot(dot.pk, now=NOW) == 20 * events_of_a_visit
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few, many = memory_for(100), memory_for(600)
    assert many < 1.5 * few, f"{few:,} bytes for 2,000 events, {many:,} for 12,000"


def test_what_comes_late_after_it_is_counted_right(dot):
    records = a_week(dot)
    take_in(records[::2], now=NOW)
    rebuilding.rebuild_dot(dot.pk, now=NOW)
    take_in(records, now=NOW)
    span = Span(NOON.date() - timedelta(days=8), NOON.date(), UTC_ZONE)
    assert_the_same(count(records, UTC_ZONE, DURATION_MS), Scope(dot=dot), span)


def test_days_that_raw_events_do_not_cover_whole_stay(dot, settings):
    settings.EVENT_MONTHS = 2  # from 1 September on
    old, half, whole = date(2026, 5, 1), date(2026, 8, 31), date(2026, 9, 1)
    for day in (old, half, whole):
        DayFigures.objects.create(dot=dot, day=day, language="en-GB", zone="Asia/Tokyo", scans=5)
        DayShare.objects.create(dot=dot, day=day, language="en-GB", dimension="device", value="phone", count=5)
    take_in([a_scan(dot, datetime(2026, 9, 1, 12, tzinfo=UTC))], now=NOW)
    Dot.objects.update(scans_count=0)
    rebuilding.rebuild_dot(dot.pk, now=NOW)
    assert dict(DayFigures.objects.values_list("day", "scans")) == {old: 5, half: 5, whole: 1}
    assert set(DayShare.objects.filter(dimension="device").values_list("day", "value")) == {
        (old, "phone"), (half, "phone"), (whole, "")
    }  # fmt: skip
    dot.refresh_from_db()
    assert dot.scans_count == 11


def test_days_from_before_the_oldest_raw_event_stay_also_where_more_months_are_kept_by_now(dot):
    DayFigures.objects.create(dot=dot, day=date(2026, 7, 31), language="en-GB", zone="UTC", scans=5)
    take_in([a_scan(dot, datetime(2026, 8, 10, tzinfo=UTC))], now=NOW)  # those of July were dropped
    rebuilding.rebuild_dot(dot.pk, now=NOW)
    assert DayFigures.objects.get(day=date(2026, 7, 31)).scans == 5


def test_without_any_raw_events_nothing_is_made_anew(dot):
    DayFigures.objects.create(dot=dot, day=NOON.date(), language="en-GB", zone="UTC", scans=5)
    assert rebuilding.rebuild_dot(dot.pk, now=NOW) == 0
    assert DayFigures.objects.get().scans == 5
    assert rebuilding.rebuild_dot(999_999, now=NOW) == 0


def test_the_first_whole_day_is_the_owners(dot, settings):
    settings.EVENT_MONTHS = 1
    take_in([a_scan(dot, datetime(2026, 10, 1, tzinfo=UTC))], now=NOW)
    assert rebuilding.first_whole_day(UTC_ZONE, NOW) == date(2026, 10, 1)
    assert rebuilding.first_whole_day(ZoneInfo("America/New_York"), NOW) == date(2026, 10, 1)
    assert rebuilding.first_whole_day(ZoneInfo("Asia/Tokyo"), NOW) == date(2026, 10, 2)


# --- A change of zone -------------------------------------------------------------------------------------------------


def test_a_change_of_zone_cuts_the_days_anew_and_marks_older_ones(
    alice, dot, settings, django_capture_on_commit_callbacks
):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    now = timezone.now()
    records = a_week(dot, until=now)
    take_in(records)
    DayFigures.objects.create(dot=dot, day=date(2020, 5, 1), language="en-GB", zone="UTC", scans=5)

    with django_capture_on_commit_callbacks(execute=True):
        update_profile(account=alice, timezone="Pacific/Auckland")
    tasks.rebuild_account(alice.pk)  # what the message asks a worker to do

    zone = ZoneInfo("Pacific/Auckland")
    today = now.astimezone(zone).date()
    span = Span(today - timedelta(days=8), today, zone)
    assert_the_same(count(records, zone, DURATION_MS), Scope(dot=dot), span)
    assert figures.days_in_other_zone(Scope(dot=dot), span) == []
    assert figures.days_in_other_zone(Scope(dot=dot), Span(date(2020, 1, 1), today, zone)) == [date(2020, 5, 1)]


def test_only_a_change_of_zone_is_told(alice, dot, monkeypatch, django_capture_on_commit_callbacks):
    asked: list[int] = []
    monkeypatch.setattr(tasks.rebuild_account, "delay", asked.append)
    take_in([a_scan(dot, timezone.now())])
    for changes in ({"name": "Alice B."}, {"timezone": "UTC"}, {"timezone": "Asia/Tokyo"}, {"timezone": "Asia/Tokyo"}):
        with django_capture_on_commit_callbacks(execute=True):
            update_profile(account=alice, **changes)
    assert asked == [alice.pk]


def test_a_lost_message_is_made_up_for(alice, dot):
    now = timezone.now()
    take_in([a_scan(dot, now)])
    DayFigures.objects.create(dot=dot, day=date(2020, 5, 1), language="en-GB", zone="UTC", scans=5)
    alice.timezone = "Asia/Tokyo"
    alice.save()
    assert rebuilding.dots_in_another_zone() == [dot.pk]
    tasks.mend_zones()
    assert set(DayFigures.objects.values_list("zone", flat=True)) == {"Asia/Tokyo", "UTC"}
    assert rebuilding.dots_in_another_zone() == []  # what nobody can cut anew is left alone


def test_events_between_the_change_and_the_rebuilding_break_nothing(alice, dot):
    take_in([a_play(dot, NOON - timedelta(hours=11))], now=NOW)
    alice.timezone = "Pacific/Auckland"
    alice.save()
    late = a_play(dot, NOON - timedelta(hours=30))  # the same visit, and earlier
    take_in([late], now=NOW)
    rebuilding.rebuild_dot(dot.pk, now=NOW)
    zone = ZoneInfo("Pacific/Auckland")
    span = Span(date(2026, 11, 10), date(2026, 11, 20), zone)
    assert figures.totals_of(Scope(dot=dot), span).plays == 1
    dot.refresh_from_db()
    assert dot.plays_count == 1


# --- The command ------------------------------------------------------------------------------------------------------


def rebuild(*arguments: str) -> tuple[str, str]:
    out, error = StringIO(), StringIO()
    call_command("rebuild_rollups", *arguments, stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


def test_the_command_rebuilds_all_dots_and_shows_how_far_it_is(alice, charlie, dot):
    theirs = make_live_dot(owner=charlie)
    take_in([a_scan(dot, timezone.now()), a_scan(theirs, timezone.now())])
    DayFigures.objects.all().delete()
    out, progress = rebuild()
    assert "2 dots made anew from 2 events." in out
    assert "2/2 dots, 2 events" in progress
    assert DayFigures.objects.count() == 2


def test_the_command_shows_how_far_it_is_within_a_dot(dot, monkeypatch):
    monkeypatch.setattr(rebuilding, "EVENTS_AT_ONCE", 1)
    monkeypatch.setattr(rebuild_rollups, "SECONDS_BETWEEN_LINES", 0)
    now = timezone.now()
    take_in([a_scan(dot, now - timedelta(days=days)) for days in range(5)])
    told: list[int] = []

    assert rebuilding.rebuild_dot(dot.pk, progress=told.append) == 5
    assert told == [2, 4]

    _out, progress = rebuild()
    assert "0/1 dots, 2 events" in progress
    assert "0/1 dots, 4 events" in progress
    assert "1/1 dots, 5 events" in progress
    monkeypatch.setattr(rebuild_rollups, "SECONDS_BETWEEN_LINES", 60)
    assert "0/1 dots, 4 events" not in rebuild()[1]


def test_the_command_rebuilds_an_accounts_dots_or_one(alice, charlie, dot):
    theirs = make_live_dot(owner=charlie)
    take_in([a_scan(dot, timezone.now()), a_scan(theirs, timezone.now())])
    DayFigures.objects.all().delete()
    rebuild("--account", "ALICE@example.org")
    assert list(DayFigures.objects.values_list("dot", flat=True)) == [dot.pk]
    rebuild("--dot", theirs.code.lower())
    assert DayFigures.objects.count() == 2
    with pytest.raises(CommandError, match="no account"):
        rebuild("--account", "nobody@example.org")
    with pytest.raises(CommandError, match="no dot"):
        rebuild("--dot", "ZZZZZZ")


# --- What goes --------------------------------------------------------------------------------------------------------


def test_raw_events_go_by_whole_months_and_roll_ups_stay(dot, settings, monkeypatch):
    settings.EVENT_MONTHS = 13
    monkeypatch.setattr(retention, "_CHUNK", 2)
    kept = datetime(2025, 10, 1, tzinfo=UTC)
    moments = [kept - timedelta(days=n) - timedelta(seconds=1) for n in range(5)]
    take_in([a_scan(dot, at) for at in moments], now=kept)
    take_in([a_scan(dot, kept)], now=NOW)
    for day in (kept.date(), kept.date() - timedelta(days=1)):
        Miss.objects.create(code="ABC234", day=day, reason="unknown", count=1)
    assert retention.drop_old_events(NOW) == 5
    assert Miss.objects.get().day == kept.date()
    assert Event.objects.get().at == kept
    assert sum(DayFigures.objects.values_list("scans", flat=True)) == 6
    assert retention.drop_old_events(NOW) == 0


def test_what_is_needed_for_some_days_only_goes_soon(dot):
    today = NOW.date()
    days_ago = [today - timedelta(days=number) for number in (0, 3, 4)]
    for day in days_ago:
        DailySalt.objects.create(day=day, salt=b"x" * 32)
        DayVisitor.objects.create(dot=dot, day=day, visitor="a" * 64, first_at=NOON, language="en-GB")
    for number in (1, 8, 10):
        HourFigures.objects.create(dot=dot, hour=NOON - timedelta(days=number), language="en-GB", scans=1)
    SpoolPosition.objects.create(name="new")
    SpoolPosition.objects.create(name="old")
    SpoolPosition.objects.filter(name="old").update(updated_at=NOW - timedelta(days=40))
    SpoolPosition.objects.filter(name="new").update(updated_at=NOW)
    retention.tidy(NOW)
    assert list(DailySalt.objects.values_list("day", flat=True)) == [today]
    assert set(DayVisitor.objects.values_list("day", flat=True)) == set(days_ago[:2])
    assert HourFigures.objects.count() == 2
    assert SpoolPosition.objects.get().name == "new"


def test_an_erased_account_leaves_nothing_of_its_listeners(alice, charlie, dot):
    theirs = make_live_dot(owner=charlie)
    take_in(
        [a_scan(dot, timezone.now(), visitor="a" * 64), a_play(dot, timezone.now()), a_scan(theirs, timezone.now())]
    )
    ListeningSettings.objects.create(owner=alice)
    late = a_scan(dot, timezone.now())
    erase(account=alice)
    take_in([late])
    for table in (Event, DayFigures, HourFigures, DayShare, DayVisitor):
        assert not table.objects.filter(dot=dot).exists(), table
    assert Event.objects.filter(dot=theirs).exists()
    assert not ListeningSettings.objects.exists()


def test_an_account_is_told_what_is_held_of_its_listeners(alice, charlie, dot):
    take_in([a_scan(dot, NOON)], now=NOW)
    answers = {
        k: v for _r, answer in account_export.send(sender=None, account=alice) for k, v in (answer or {}).items()
    }
    assert answers["listening"]["days"] == [
        {
            "day": "2026-11-18", "dot": dot.code, "language": "en-GB", "timeZone": "UTC", "scans": 1,
            "uniqueVisitors": 0, "plays": 0, "completions": 0, "listenSeconds": 0.0,
        }
    ]  # fmt: skip
    answers = {
        k: v for _r, answer in account_export.send(sender=None, account=charlie) for k, v in (answer or {}).items()
    }
    assert answers["listening"]["days"] == []
