"""The note for listeners: public, without cookies, and true to the settings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from micdots.api.limits import parse_rate
from micdots.api.tasks import purge
from micdots.settings import base
from tests.plays.dots import make_live_dot


def page(client: Client) -> str:
    response = client.get("/privacy")
    assert response.status_code == 200
    assert not response.cookies
    return " ".join(response.content.decode().split())


# Without the mark for the database: the page must not ask it.
def test_everybody_can_read_it_and_it_asks_neither_session_nor_database(client: Client):
    client.cookies["sessionid"] = "whatever"

    text = page(client)

    assert "<h1>What we count when you listen</h1>" in text
    assert "Do Not Track" in text
    assert "<script" not in text
    assert client.head("/privacy").status_code == 200
    assert client.post("/privacy").status_code == 405


def test_it_says_what_is_set(client: Client, settings):
    settings.EVENT_MONTHS, settings.GEO_DATABASE = 13, ""
    assert "become 13 months old" in page(client)
    assert "country" not in page(client)

    settings.EVENT_MONTHS, settings.GEO_DATABASE = 1, "/srv/places.mmdb"
    assert "become 1 month old" in page(client)
    assert "country" in page(client)


def test_digests_of_listeners_addresses_go_within_minutes(client: Client):
    assert "remembered for some minutes" in page(client)
    windows = [parse_rate(base.RATE_LIMITS[name]) for name in ("play", "events", "visit_events", "dot_password")]
    purged = base.CELERY_BEAT_SCHEDULE["purge-api"]
    assert purged["task"] == purge.name
    for rate in windows:
        assert rate is not None
        assert purged["schedule"] + timedelta(seconds=rate.seconds) <= timedelta(minutes=10)


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["", "pbkdf2_sha256$1$x$y"])
def test_the_play_page_and_its_password_form_lead_there(client: Client, alice, password):
    dot = make_live_dot(owner=alice, password=password)

    assert f'href="{reverse("plays:privacy")}"' in client.get(f"/d/{dot.code}").content.decode()
