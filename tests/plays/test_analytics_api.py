"""GET analytics and GET dots/{id}/analytics."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from plays.taking import take_in
from tests.generations.api.checks import NO_SUCH_ID, both_forms, data_of, refused, strangers, wrong_methods
from tests.plays.dots import make_live_dot
from tests.plays.listening import a_play, a_record, a_scan

pytestmark = pytest.mark.django_db
ALL = "/api/v1/analytics"
KEYS = {
    *("totals", "series", "completionCurve", "devices", "systems", "browsers", "countries", "cities", "languages"),
    *("referrers", "sources"),
}


@pytest.fixture
def dot(alice):
    return make_live_dot(owner=alice)


@pytest.fixture
def url(dot):
    return f"/api/v1/dots/{dot.public_id}/analytics"


@pytest.fixture
def now():
    return timezone.now()


def test_a_dot_and_the_account_say_who_listened(api, alice, dot, url, now):
    second = make_live_dot(owner=alice)
    take_in(
        [
            a_scan(
                dot, now, visitor="a" * 64, device="phone", system="iOS", browser="Safari", country="ES", city="Vic"
            ),
            a_scan(second, now, referrer="example.org", is_printed=True),
            a_play(dot, now),
            a_record("complete", dot, now, visit="visit", position_ms=3375, heard_ms=3375),
        ]
    )
    data = data_of(api(alice).get(f"{url}?to={now.date()}"))
    assert data.keys() == KEYS
    assert data["totals"] == {
        "scans": 1, "uniqueVisitors": 1, "plays": 1, "completions": 1, "listenSeconds": 3.375
    }  # fmt: skip
    assert len(data["series"]) == 30
    today = now.date().isoformat()
    assert data["series"][-1] == {"at": today, "scans": 1, "uniqueVisitors": 1, "plays": 1, "completions": 1}
    assert data["completionCurve"] == [{"percent": percent, "plays": 1} for percent in range(0, 101, 10)]
    assert (data["devices"], data["systems"]) == ([{"name": "phone", "scans": 1}], [{"name": "iOS", "scans": 1}])
    assert (data["countries"], data["cities"]) == ([{"name": "ES", "scans": 1}], [{"name": "Vic", "scans": 1}])
    assert data["referrers"] == [{"name": "unknown", "scans": 1}]
    assert data["languages"] == [{"name": "en-GB", "scans": 1}]
    assert data["sources"] == [{"name": "link", "scans": 1}]

    everything = data_of(api(alice).get(f"{ALL}?to={now.date()}"))
    assert everything["totals"]["scans"] == 2
    assert everything["sources"] == [{"name": "link", "scans": 1}, {"name": "printed", "scans": 1}]
    shown = data_of(api(alice).get(f"/api/v1/dots/{dot.public_id}"))["totals"]
    assert shown == {"scans": data["totals"]["scans"], "plays": data["totals"]["plays"]}


def test_a_dot_that_nobody_heard_has_zeros(api, alice, url):
    data = data_of(api(alice).get(url))
    assert set(data["totals"].values()) == {0}
    assert {point["scans"] for point in data["series"]} == {0}
    assert data["devices"] == []


def test_by_the_hour_the_series_has_instants(api, alice, dot, url, now):
    take_in([a_scan(dot, now)])
    series = data_of(api(alice).get(f"{url}?interval=hour"))["series"]
    assert len(series) == 8 * 24
    busy = [point["at"] for point in series if point["scans"]]
    assert busy == [now.strftime("%Y-%m-%dT%H:00:00Z")]


def test_the_range_is_days_of_the_account(api, alice, dot, url, now):
    alice.timezone = "Pacific/Auckland"
    alice.save()
    take_in([a_scan(dot, now), a_scan(dot, now - timedelta(days=3))])
    client = api(alice)
    there = timezone.localtime(now, timezone.zoneinfo.ZoneInfo("Pacific/Auckland")).date()
    data = data_of(client.get(f"{url}?from={there}&to={there}"))
    assert [(point["at"], point["scans"]) for point in data["series"]] == [(there.isoformat(), 1)]
    assert data["totals"]["scans"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("from=1926-01-01&to=2026-01-01", "from"),
        ("from=0001-01-01&to=0001-01-01", "from"),
        ("from=9999-12-31&to=9999-12-31", "to"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("to=2026-02-01T00:00:00Z", "to"),
        ("interval=minute", "interval"),
        ("interval=hour&from=2024-01-01&to=2024-01-02", "interval"),
    ],
)
def test_bad_ranges_are_refused_and_named(api, alice, url, query, field):
    for address in (url, ALL):
        refused(api(alice).get(f"{address}?{query}"), 400, "VALIDATION_ERROR", field)


def test_strangers_learn_nothing(api, alice, charlie, dot, url):
    take_in([a_scan(dot, timezone.now())])
    strangers(api, charlie, "get", url)
    strangers(api, None, "get", ALL)
    assert data_of(api(charlie).get(ALL))["totals"]["scans"] == 0
    refused(api(alice).get(f"/api/v1/dots/{NO_SUCH_ID}/analytics"), 404, "NOT_FOUND")
    refused(api(alice).get("/api/v1/dots/seven/analytics"), 400, "VALIDATION_ERROR", "dotId")


def test_it_is_for_reading_in_both_forms(api, alice, url):
    for address in (url, ALL):
        wrong_methods(api(alice), address, "GET")
        both_forms(api(alice), address)


def test_unknown_parameters_are_ignored(api, alice, url):
    data_of(api(alice).get(f"{url}?timezone=Mars/Olympus_Mons&colour=red"))
