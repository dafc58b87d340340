"""Dots that cannot be heard now say why, with 410."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_dot
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("paused", {"is_active": False}),
        ("scheduled", {"starts_at": datetime(2126, 5, 4, 9, 30, tzinfo=UTC)}),
        ("expired", {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}),
        ("used_up", {"max_plays": 3, "plays_count": 3}),
        ("blocked", {"blocked_at": datetime(2020, 1, 1, tzinfo=UTC)}),
        ("deleted", {"deleted_at": datetime(2020, 1, 1, tzinfo=UTC)}),
    ],
)
@pytest.mark.parametrize("part", ["", "/audio.mp3", "/captions.vtt"])
def test_it_says_which(client: Client, alice, reason, fields, part):
    dot = make_live_dot(owner=alice, title="A secret title", **fields)

    response = client.get(f"/d/{dot.code}{part}")

    assert response.status_code == 410
    assert response["Cache-Control"] == "no-store"
    assert "A secret title" not in response.content.decode()
    if not part:
        assert f'data-reason="{reason}"' in response.content.decode()


def test_a_dot_without_a_voice_is_being_made(client: Client, alice):
    response = client.get(f"/q/{make_dot(owner=alice).code}")

    assert response.status_code == 410
    assert "still being made" in response.content.decode()


def test_a_scheduled_one_says_when(client: Client, alice):
    dot = make_live_dot(owner=alice, starts_at=datetime(2126, 5, 4, 9, 30, tzinfo=UTC))

    assert "2126-05-04T09:30" in client.get(f"/d/{dot.code}").content.decode()


def test_it_is_back_when_it_is_live_again(client: Client, alice):
    dot = make_live_dot(owner=alice, starts_at=timezone.now() - HOUR, expires_at=timezone.now() + HOUR)

    assert client.get(f"/d/{dot.code}").status_code == 200
