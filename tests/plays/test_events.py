"""POST /d/{code}/events."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.test import Client

from micdots.api.models import RateCounter
from plays import spool
from plays.models import Event
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db

VISIT = "a1b2c3"


@pytest.fixture
def dot(alice):
    return make_live_dot(owner=alice, languages=("en-GB", "es"))


def tell(client: Client, dot: Any, *, content_type: str = "text/plain;charset=UTF-8", query: str = "", **changes: Any):
    told = {"visit": VISIT, "event": "play", "position": 0, "heard": 0, "language": "en-GB", **changes}
    return client.post(f"/d/{dot.code}/events{query}", json.dumps(told), content_type=content_type)


def plays_on(dot) -> int:
    dot.refresh_from_db()
    return dot.plays_count


@pytest.mark.parametrize("content_type", ["text/plain;charset=UTF-8", "application/json"])
def test_a_play_is_one_row_and_one_in_the_total(dot, content_type):
    strict = Client(enforce_csrf_checks=True)

    response = tell(strict, dot, content_type=content_type, language="es")

    assert response.status_code == 204
    assert not response.content
    assert not response.cookies
    event = Event.objects.get()
    assert (event.kind, event.language, event.position_ms) == ("play", "es", 0)
    assert event.generation_id == dot.renditions.get(language="es").generation_id
    assert plays_on(dot) == 1


def test_progress_and_completion_are_rows_but_no_plays(client: Client, dot):
    tell(client, dot, event="progress", position=2.04, heard=1.96)
    tell(client, dot, event="complete", position=3.3, heard=0.5)

    assert list(Event.objects.order_by("pk").values_list("kind", "position_ms", "heard_ms")) == [
        ("progress", 2_040, 1_960),
        ("complete", 3_300, 500),
    ]
    assert plays_on(dot) == 0


def test_the_same_visit_event_and_position_counts_once(client: Client, dot):
    for _again in range(3):
        assert tell(client, dot).status_code == 204
    tell(client, dot, visit="another")

    assert Event.objects.count() == 2
    assert plays_on(dot) == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_event_at_the_same_moment_counts_once(dot):
    barrier = threading.Barrier(4)
    statuses = []

    def send() -> None:
        barrier.wait()
        statuses.append(tell(Client(), dot).status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [204] * 4
    assert Event.objects.count() == 1
    assert plays_on(dot) == 1


def test_position_heard_and_language_may_be_left_out(client: Client, dot):
    response = client.post(f"/d/{dot.code}/events", '{"visit": "x", "event": "play"}', content_type="text/plain")

    assert response.status_code == 204
    assert Event.objects.get().language == "en-GB"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("visit", None),
        ("visit", ""),
        ("visit", "x" * 37),
        ("visit", "with space"),
        ("visit", "nul\x00"),
        ("visit", 7),
        ("event", "scan"),
        ("event", None),
        ("event", ["play"]),
        ("position", -1),
        ("position", 1e30),
        ("position", "10"),
        ("position", True),
        ("heard", -0.5),
        ("heard", 10**400),
        ("heard", {}),
        ("language", "fr"),
        ("language", 7),
        ("language", ""),
    ],
)
def test_bad_values_are_named_and_nothing_is_kept(client: Client, dot, field, value):
    response = tell(client, dot, **{field: value})

    assert response.status_code == 400
    body = response.json()
    assert body["error"]["code"] == "VALIDATION_ERROR"
    assert body["error"]["details"].keys() & {field, "body"}
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"visit": NaN}', b"\xff\xfe", b"[" * 20_000, b'{"a": 1' + b" " * 100]
)
def test_malformed_bodies_get_400(client: Client, dot, body):
    response = client.post(f"/d/{dot.code}/events", body, content_type="text/plain")

    assert response.status_code in {400, 413}
    assert response.json()["success"] is False


def test_an_unknown_code_gets_404_and_another_method_405(client: Client, dot):
    unknown = client.post("/d/ZZZZZZ/events", "{}", content_type="text/plain")

    assert unknown.status_code == 404
    assert unknown.json()["error"]["code"] == "NOT_FOUND"
    assert client.get(f"/d/{dot.code}/events").status_code == 405


def test_a_dot_that_cannot_be_heard_gets_410_but_one_used_up_may_be_finished(client: Client, dot):
    dot.max_plays = 1
    dot.save()
    assert tell(client, dot).status_code == 204
    assert tell(client, dot, event="complete", position=3.3).status_code == 204

    dot.is_active = False
    dot.save()
    response = tell(client, dot, visit="later")
    assert response.status_code == 410
    assert response.json()["error"]["details"]["reason"] == "paused"


def test_behind_a_password_it_takes_the_pages_own_address(client: Client, dot):
    from plays.passes import issue_pass

    dot.password = make_password("open sesame")
    dot.save()

    assert tell(client, dot).status_code == 403
    assert tell(client, dot, query=f"?token={issue_pass(dot)}").status_code == 204


def test_a_crowd_behind_one_address_is_counted(client: Client, dot, settings):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "play": "2/m"}

    assert {tell(client, dot, visit=f"v{number}").status_code for number in range(5)} == {204}
    assert plays_on(dot) == 5


@pytest.mark.parametrize(("limit", "visit"), [("events", "another"), ("visit_events", VISIT)])
def test_a_flood_is_refused_and_the_page_still_served(client: Client, dot, settings, limit, visit):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, limit: "2/m"}
    for position in range(2):
        assert tell(client, dot, event="progress", position=position).status_code == 204

    response = tell(client, dot, visit=visit)

    assert response.status_code == 429
    assert int(response["Retry-After"]) >= 1
    assert client.get(f"/d/{dot.code}").status_code == 200


def test_a_visit_that_tells_too_much_holds_no_other_back(client: Client, dot, settings):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "visit_events": "1/m"}
    tell(client, dot)

    assert tell(client, dot, event="progress", position=1).status_code == 429
    assert tell(client, dot, visit="another").status_code == 204
    assert tell(client, make_live_dot(owner=dot.owner)).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_while_others_write_an_event_waits_for_no_limit_and_is_counted(client: Client, dot, settings, spooled):
    settings.RATE_LIMITS_ENABLED = True
    assert tell(client, dot).status_code == 204  # its counters are there
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(RateCounter.objects.select_for_update())
            is_held.set()
            is_over.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(10)
    begun = time.monotonic()
    try:
        response = tell(client, dot, event="progress", position=2)
        took = time.monotonic() - begun
    finally:
        is_over.set()
        holder.join()

    assert response.status_code == 204
    assert took < 1, took
    assert spool.take_in_all() == 2


def test_a_bots_event_is_in_no_total(client: Client, dot):
    told = {"visit": VISIT, "event": "play"}
    client.post(
        f"/d/{dot.code}/events", json.dumps(told), content_type="text/plain", headers={"User-Agent": "SomeBot/1.0"}
    )

    assert Event.objects.get().is_bot
    assert plays_on(dot) == 0


def test_nobody_hears_more_than_there_is(client: Client, dot):
    tell(client, dot, event="progress", position=604_800, heard=604_800)

    event = Event.objects.get()
    assert (event.position_ms, event.heard_ms) == (4_375, 4_375)  # the audio's 3.375 s and one of grace


def test_one_event_says_a_minute_at_most_was_heard(client: Client, alice):
    book = make_live_dot(owner=alice, seconds=3600)
    tell(client, book, event="progress", position=3_000, heard=3_000)
    tell(client, book, event="progress", position=3_060, heard=59.5)

    assert list(Event.objects.order_by("pk").values_list("position_ms", "heard_ms")) == [
        (3_000_000, 60_000),
        (3_060_000, 59_500),
    ]


def test_a_forged_user_agent_is_no_error(client: Client, dot):
    told = json.dumps({"visit": VISIT, "event": "play"})
    response = client.post(
        f"/d/{dot.code}/events", told, content_type="text/plain", headers={"User-Agent": "\x00ü" * 5_000}
    )

    assert response.status_code == 204
    assert plays_on(dot) == 1
