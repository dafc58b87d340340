"""Reading the figures: ranges, scopes, series, shares, the best dots, who listens now."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generations.models import Dot, DotTag
from micdots.lib.errors import ValidationFailed
from plays import figures
from plays.figures import Point, Scope, Share, Span, Totals, span_before, span_from
from plays.models import DayFigures
from plays.taking import take_in
from tests.plays.dots import make_live_dot
from tests.plays.listening import NOON, a_play, a_record, a_scan

UTC_ZONE = ZoneInfo("UTC")
TODAY = NOON.date()
NOW = NOON + timedelta(hours=1)
MONTH = Span(TODAY - timedelta(days=29), TODAY, UTC_ZONE)


@pytest.fixture
def dot(alice) -> Dot:
    return make_live_dot(owner=alice, languages=("en-GB", "de-DE"))


# --- Ranges -----------------------------------------------------------------------------------------------------------


def asked(**wishes) -> Span:
    return span_from(zone=UTC_ZONE, today=TODAY, **wishes)


def test_a_range_is_the_last_thirty_days_unless_something_else_is_asked_for():
    assert asked() == MONTH
    assert asked().days == 30
    assert asked(last=date(2026, 3, 1)).first == date(2026, 1, 31)
    assert asked(first=date(2026, 3, 1)) == Span(date(2026, 3, 1), TODAY, UTC_ZONE)
    assert asked(interval="hour") == Span(TODAY - timedelta(days=7), TODAY, UTC_ZONE, "hour")


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"first": TODAY, "last": TODAY - timedelta(days=1)}, "to"),
        ({"first": TODAY + timedelta(days=1)}, "to"),
        ({"first": date(1926, 11, 18)}, "from"),
        ({"first": date(2021, 11, 17)}, "from"),
        ({"first": date.min, "last": date.max}, "from"),
        ({"first": date.min, "last": date.min}, "from"),
        ({"last": date.min}, "from"),
        ({"first": date(1999, 12, 31), "last": date(2000, 1, 2)}, "from"),
        ({"first": date.max, "last": date.max}, "to"),
        ({"first": TODAY, "last": date(2027, 11, 19)}, "to"),
        ({"first": TODAY - timedelta(days=8), "interval": "hour"}, "interval"),
        ({"last": TODAY + timedelta(days=1), "interval": "hour"}, "interval"),
        ({"last": TODAY - timedelta(days=30), "interval": "hour"}, "interval"),
    ],
)
def test_ranges_that_are_not_answered(wishes, field):
    with pytest.raises(ValidationFailed) as caught:
        asked(**wishes)
    assert list(caught.value.details) == [field]


@pytest.mark.parametrize(
    "wishes",
    [
        {"first": date(2021, 11, 18)},
        {"first": date(2020, 2, 29), "last": date(2024, 2, 29)},
        {"first": date(2000, 1, 1), "last": date(2000, 1, 1)},
        {"first": date(2027, 11, 18), "last": date(2027, 11, 18)},
        {"first": TODAY, "last": date(2027, 11, 18)},
    ],
)
@pytest.mark.django_db
def test_ranges_at_the_edge_are_answered(wishes):
    span = asked(**wishes)
    assert len(figures.series_of(Scope(), span)) == span.days
    assert figures.totals_of(Scope(), span_before(span)) == Totals(0, 0, 0, 0, 0.0)


def test_the_period_before_is_as_long_and_ends_the_day_before():
    assert span_before(MONTH) == Span(TODAY - timedelta(days=59), TODAY - timedelta(days=30), UTC_ZONE)
    assert span_before(Span(TODAY, TODAY, UTC_ZONE, "hour")).last == TODAY - timedelta(days=1)


# --- Series -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_series_has_every_day_and_adds_up_to_the_totals(dot):
    take_in([a_scan(dot, NOON - timedelta(days=days), visitor="a" * 64) for days in (0, 3, 3, 29, 30)], now=NOW)
    series = figures.series_of(Scope(dot=dot), MONTH)
    assert [point.at for point in series] == [MONTH.first + timedelta(days=n) for n in range(30)]
    assert [point.scans for point in series if point.scans] == [1, 2, 1]
    assert series[1] == Point(MONTH.first + timedelta(days=1), 0, 0, 0, 0, 0.0)
    assert figures.totals_of(Scope(dot=dot), MONTH) == Totals(4, 3, 0, 0, 0.0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", date(2026, 11, 18), 24),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Asia/Kolkata", date(2026, 11, 18), 24),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # the hour after midnight is left out
    ],
)
def test_a_day_by_the_hour_has_as_many_hours_as_the_clock_shows(zone, day, hours):
    span = Span(day, day, ZoneInfo(zone), "hour")
    points = figures.series_of(Scope(), span)
    assert len(points) == hours
    assert all(later.at - earlier.at == timedelta(hours=1) for earlier, later in pairwise(points))
    assert all(point.at.astimezone(span.zone).minute == 0 for point in points)


@pytest.mark.django_db
def test_hours_of_a_zone_with_half_hours_are_found_again(alice, dot):
    alice.timezone = "Asia/Kolkata"
    alice.save()
    take_in([a_scan(dot, datetime(2026, 11, 18, 12, 29, tzinfo=UTC))], now=NOW)  # 17:59 there
    span = span_from(zone=ZoneInfo("Asia/Kolkata"), today=TODAY, interval="hour")
    busy = [point.at for point in figures.series_of(Scope(owner=alice), span) if point.scans]
    assert busy == [datetime(2026, 11, 18, 11, 30, tzinfo=UTC)]


@pytest.mark.django_db
def test_by_the_hour_an_installations_totals_are_those_of_its_hours(alice, bob):
    alice.timezone = "Asia/Tokyo"
    alice.save()
    ahead, here = make_live_dot(owner=alice), make_live_dot(owner=bob)
    late = datetime(2026, 11, 18, 16, tzinfo=UTC)  # the 19th in Tokyo
    take_in([a_scan(ahead, late), a_scan(here, late), a_play(ahead, late), a_scan(ahead, NOON)], now=NOW)
    span = span_from(zone=UTC_ZONE, today=TODAY, first=TODAY, interval="hour")

    totals = figures.totals_of(Scope(), span)

    assert (totals.scans, totals.plays) == (3, 1)
    assert totals.scans == sum(point.scans for point in figures.series_of(Scope(), span))
    assert figures.totals_of(Scope(language="de-DE"), span).scans == 0
    assert figures.totals_of(Scope(), span_from(zone=UTC_ZONE, today=TODAY, first=TODAY)).scans == 2
    # An account's own days are cut where its hours are.
    assert figures.totals_of(Scope(owner=alice), span).scans == 1


# --- Scopes -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_everybody_sees_what_is_theirs(alice, charlie, dot):
    second, theirs = make_live_dot(owner=alice), make_live_dot(owner=charlie)
    DotTag.objects.create(dot=dot, name="museum")
    take_in([a_scan(dot), a_scan(dot, language="de-DE"), a_scan(second), a_scan(theirs)], now=NOW)

    def scans(**scope) -> int:
        return figures.totals_of(Scope(**scope), MONTH).scans

    assert scans() == 4
    assert scans(owner=alice) == 3
    assert scans(dot=dot) == 2
    assert scans(owner=alice, tag="museum") == 2
    assert scans(owner=alice, tag="museum", language="de-DE") == 1
    assert scans(owner=charlie, tag="museum") == 0
    assert scans(owner=charlie, dot=dot) == 0
    assert figures.languages_of(Scope(owner=alice), MONTH) == ["de-DE", "en-GB"]
    assert figures.languages_of(Scope(owner=charlie), MONTH) == ["en-GB"]
    assert figures.languages_of(Scope(), MONTH) == ["de-DE", "en-GB"]
    assert figures.tags_of(Scope(owner=alice)) == ["museum"]
    assert figures.tags_of(Scope(owner=charlie)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("whole", [False, True])
def test_languages_are_those_of_the_range_and_those_that_can_be_heard(alice, dot, whole):
    scope = Scope() if whole else Scope(owner=alice)
    take_in([a_scan(dot, language="fr"), a_scan(dot, NOON - timedelta(days=40), language="it")], now=NOW)
    assert figures.languages_of(scope, MONTH) == ["de-DE", "en-GB", "fr"]
    assert figures.languages_of(scope, span_before(MONTH)) == ["de-DE", "en-GB", "it"]
    assert figures.languages_of(scope, MONTH, wanted="it") == ["de-DE", "en-GB", "fr", "it"]
    assert figures.languages_of(scope, MONTH, wanted="tlh") == ["de-DE", "en-GB", "fr"]


@pytest.mark.django_db
def test_shares_are_sorted_and_all_of_them_are_scans(dot):
    phones = [a_scan(dot, device="phone", country="DE", is_printed=True) for _number in range(3)]
    take_in([*phones, a_scan(dot, device="desktop", language="de-DE"), a_scan(dot)], now=NOW)
    scope = Scope(dot=dot)
    assert figures.shares_of(scope, MONTH, "device") == [Share("phone", 3), Share("", 1), Share("desktop", 1)]
    assert figures.shares_of(scope, MONTH, "country") == [Share("DE", 3), Share("", 2)]
    assert figures.shares_of(scope, MONTH, "source") == [Share("printed", 3), Share("link", 2)]
    assert figures.shares_of(scope, MONTH, "language") == [Share("en-GB", 4), Share("de-DE", 1)]
    assert figures.shares_of(Scope(dot=dot, language="de-DE"), MONTH, "device") == [Share("desktop", 1)]


@pytest.mark.django_db
def test_all_shares_are_one_question_and_those_of_each_dimension(dot, django_assert_num_queries):
    take_in([a_scan(dot, device="phone", country="DE"), a_scan(dot, language="de-DE"), a_play(dot)], now=NOW)
    scope = Scope(dot=dot)

    with django_assert_num_queries(2):  # languages are in a table of their own
        found = figures.all_shares_of(scope, MONTH)

    assert found == {name: figures.shares_of(scope, MONTH, name) for name in found}
    assert set(found) == {"device", "system", "browser", "country", "city", "referrer", "source", "language"}
    assert figures.all_shares_of(scope, span_before(MONTH)) == {name: [] for name in found}


@pytest.mark.django_db
def test_the_best_dots_come_first_and_those_without_listeners_not_at_all(alice, dot):
    second, _third = make_live_dot(owner=alice), make_live_dot(owner=alice)
    take_in([a_scan(dot), a_scan(second), a_scan(second), a_play(dot)], now=NOW)
    best = figures.best_dots(Scope(owner=alice), MONTH)
    assert [(found.code, totals.scans) for found, totals in best] == [(second.code, 2), (dot.code, 1)]
    assert len(figures.best_dots(Scope(), MONTH, limit=1)) == 1
    Dot.objects.filter(pk=second.pk).update(purged_at=NOW)
    assert [found.code for found, _totals in figures.best_dots(Scope(owner=alice), MONTH)] == [dot.code]


@pytest.mark.django_db
def test_who_listens_now_was_heard_of_in_the_last_five_minutes(alice, charlie, dot):
    take_in(
        [
            a_play(dot, NOON - timedelta(minutes=6), visit="gone"),
            a_play(dot, NOON - timedelta(minutes=6), visit="still here"),
            a_record("progress", dot, NOON - timedelta(minutes=4), visit="still here", position_ms=1),
            a_play(dot, NOON, visit="new", language="de-DE"),
            a_play(dot, NOON, visit="robot", is_bot=True),
            a_scan(dot, NOON),
        ],
        now=NOW,
    )
    assert figures.listening_now(Scope(dot=dot), NOON) == 2
    assert figures.listening_now(Scope(owner=alice, language="de-DE"), NOON) == 1
    assert figures.listening_now(Scope(owner=charlie), NOON) == 0
    assert figures.listening_now(Scope(), NOON + timedelta(minutes=2)) == 1


@pytest.mark.django_db
def test_days_that_were_cut_elsewhere_are_named(alice, dot):
    take_in([a_scan(dot)], now=NOW)
    assert figures.days_in_other_zone(Scope(dot=dot), MONTH) == []
    DayFigures.objects.update(zone="Asia/Tokyo")
    assert figures.days_in_other_zone(Scope(dot=dot), MONTH) == [TODAY]
    assert figures.days_in_other_zone(Scope(owner=alice), MONTH) == [TODAY]
    assert figures.days_in_other_zone(Scope(), MONTH) == []


@pytest.mark.django_db
def test_a_question_costs_the_same_however_much_happened(alice, dot):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked_for:
            figures.best_dots(Scope(owner=alice), MONTH)
            figures.series_of(Scope(owner=alice), MONTH)
            figures.shares_of(Scope(owner=alice), MONTH, "device")
            figures.listening_now(Scope(owner=alice), timezone.now())
        return len(asked_for)

    before = queries()
    for number in range(3):
        other = make_live_dot(owner=alice)
        take_in([a_scan(other, NOON - timedelta(days=number))] * 3, now=NOW)
    assert queries() == before + 1  # the dots themselves, once there are any to show
