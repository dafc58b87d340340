"""GET /d/{code}/audio.mp3 and captions.vtt, and the plays that are counted without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from plays import retention, visitors
from plays.models import DailySalt, Event
from tests.factories import make_ready_generation
from tests.objects import fetch
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db


@pytest.fixture
def dot(alice):
    return make_live_dot(owner=alice)


def plays_on(dot) -> int:
    dot.refresh_from_db()
    return dot.plays_count


def test_it_leads_to_the_object_where_a_range_is_answered(client: Client, alice):
    generation = make_ready_generation(owner=alice)

    redirect = client.get(f"/d/{generation.dot.code}/audio.mp3")
    part = fetch(redirect["Location"], Range="bytes=0-99")

    assert redirect.status_code == 302
    assert redirect["Cache-Control"] == "no-store"
    assert part.status_code == 206
    assert part.headers["Content-Range"] == f"bytes 0-99/{generation.audio_bytes}"
    assert len(part.content) == 100


def test_captions_are_webvtt(client: Client, dot):
    response = client.get(f"/d/{dot.code}/captions.vtt?language=en-GB")

    assert response["Content-Type"] == "text/vtt; charset=utf-8"
    assert response.content.decode().startswith("WEBVTT")


def test_a_download_has_a_name_and_is_no_play(client: Client, alice):
    generation = make_ready_generation(owner=alice)

    redirect = client.get(f"/d/{generation.dot.code}/audio.mp3?download=1")
    download = fetch(redirect["Location"])

    assert f"micdots-{generation.dot.code}-en-GB.mp3" in download.headers["Content-Disposition"]
    assert plays_on(generation.dot) == 0


def test_where_plays_are_counted_down_a_download_is_one(client: Client, alice):
    dot = make_live_dot(owner=alice, max_plays=5)

    assert "download" not in re.sub(r"<h1.*</h1>", "", client.get(f"/d/{dot.code}").content.decode())
    client.get(f"/d/{dot.code}/audio.mp3?download=1")

    assert plays_on(dot) == 1


def test_a_visitor_without_script_is_one_play_in_thirty_minutes(client: Client, dot):
    for _part in range(3):
        client.get(f"/d/{dot.code}/audio.mp3")
    assert plays_on(dot) == 1

    Event.objects.update(at=timezone.now() - timedelta(minutes=31))
    client.get(f"/d/{dot.code}/audio.mp3")
    assert plays_on(dot) == 2


@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_who_cannot_be_told_apart_is_one_play_as_well(client: Client, dot, header):
    for _part in range(3):
        client.get(f"/d/{dot.code}/audio.mp3", headers={header: "1"})
    client.get(f"/d/{dot.code}/audio.mp3", headers={header: "1", "User-Agent": "Another"})

    assert plays_on(dot) == 2
    assert set(Event.objects.values_list("visitor", flat=True)) == {""}


def test_other_networks_and_other_browsers_are_other_visitors(client: Client, dot):
    client.get(f"/d/{dot.code}/audio.mp3", REMOTE_ADDR="192.0.2.1")
    client.get(f"/d/{dot.code}/audio.mp3", REMOTE_ADDR="192.0.2.200")  # the same /24
    client.get(f"/d/{dot.code}/audio.mp3", REMOTE_ADDR="198.51.100.1")
    client.get(f"/d/{dot.code}/audio.mp3", REMOTE_ADDR="192.0.2.1", headers={"User-Agent": "Another"})

    assert plays_on(dot) == 3


def test_a_player_that_tells_its_plays_is_not_counted_here(client: Client, dot):
    client.get(f"/d/{dot.code}/audio.mp3?events=1")

    assert plays_on(dot) == 0


@pytest.mark.parametrize("events", ["1", "", "a1b2c3", "x" * 37])
def test_where_plays_are_counted_down_no_address_is_heard_without_end(client: Client, alice, events):
    dot = make_live_dot(owner=alice, max_plays=2)

    statuses = [
        client.get(f"/d/{dot.code}/audio.mp3?events={events}", REMOTE_ADDR=f"192.0.{net}.1").status_code
        for net in (2, 2, 3, 4)
    ]

    assert statuses == [302, 302, 302, 410]
    assert plays_on(dot) == 2


def token_on(client: Client, dot) -> str:
    page = client.get(f"/d/{dot.code}").content.decode()
    return re.search(r"audio\.mp3\?language=en-GB&amp;token=([^\"&]+)", page)[1]


def test_where_plays_are_counted_down_a_page_is_one_play_in_all_its_parts(client: Client, alice):
    dot = make_live_dot(owner=alice, max_plays=2)
    first, second = token_on(client, dot), token_on(client, dot)

    def tell(event: str, position: float, query: str = "") -> None:
        told = {"visit": "a1b2c3", "event": event, "position": position}
        assert client.post(f"/d/{dot.code}/events{query}", told, content_type="application/json").status_code == 204

    for _part in range(3):
        assert client.get(f"/d/{dot.code}/audio.mp3?events=1&token={first}").status_code == 302
    tell("play", 0.1, f"?token={first}")
    tell("complete", 3.3, f"?token={first}")
    tell("play", 0.1)  # without the page's pass: what it is about was counted when it asked for the audio
    assert plays_on(dot) == 1
    assert Event.objects.exclude(kind="scan").values("visit").distinct().count() == 1

    client.get(f"/d/{dot.code}/audio.mp3?events=1&token={second}")
    assert plays_on(dot) == 2
    assert client.get(f"/d/{dot.code}").status_code == 410
    for token in (first, second):  # who is on the page may finish, part by part
        assert client.get(f"/d/{dot.code}/audio.mp3?events=1&token={token}").status_code == 302
    tell("complete", 3.3, f"?token={second}")
    assert plays_on(dot) == 2


def test_head_prefetch_and_bots_are_no_plays(client: Client, dot):
    client.head(f"/d/{dot.code}/audio.mp3")
    client.get(f"/d/{dot.code}/audio.mp3", headers={"Sec-Purpose": "prefetch"})
    client.get(f"/d/{dot.code}/audio.mp3", headers={"User-Agent": "Googlebot/2.1"})

    assert plays_on(dot) == 0


def test_nothing_kept_of_a_visitor_is_an_address_or_can_be_made_again_after_its_day(client: Client, dot):
    client.get(f"/d/{dot.code}/audio.mp3", REMOTE_ADDR="192.0.2.77")

    assert re.fullmatch("[0-9a-f]{64}", Event.objects.get().visitor)

    now = timezone.now()
    DailySalt.objects.update(day=now.date() - timedelta(days=1))
    retention.tidy()
    assert not DailySalt.objects.exists()
    yesterdays = visitors.salt_of(now.date())
    visitors.keep_salts(now + timedelta(days=1))
    assert visitors.salt_of(now.date()) != yesterdays
    assert plays_on(dot) == 1


def test_who_is_on_the_page_may_finish_when_the_plays_are_used_up(client: Client, alice):
    dot = make_live_dot(owner=alice, max_plays=1)
    token = token_on(client, dot)
    client.get(f"/d/{dot.code}/audio.mp3?token={token}")
    assert plays_on(dot) == 1

    assert client.get(f"/d/{dot.code}").status_code == 410
    assert client.get(f"/d/{dot.code}/audio.mp3").status_code == 410
    assert client.get(f"/d/{dot.code}/audio.mp3?token={token}").status_code == 302
    assert client.get(f"/d/{dot.code}/captions.vtt?token={token}").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_failed_count_does_not_stop_the_audio(client: Client, alice):
    dot = make_live_dot(owner=alice, max_plays=3)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE plays_event RENAME TO plays_elsewhere")
    try:
        assert client.get(f"/d/{dot.code}/audio.mp3").status_code == 302
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE plays_elsewhere RENAME TO plays_event")


def test_unknown_codes_and_other_methods(client: Client, dot):
    assert client.get("/d/ZZZZZZ/audio.mp3").status_code == 404
    assert client.get("/d/ZZZZZZ/captions.vtt").status_code == 404
    assert client.post(f"/d/{dot.code}/audio.mp3").status_code == 405
