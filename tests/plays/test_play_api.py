"""GET /api/v1/play/{code}."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from plays.models import Event
from tests.factories import make_ready_generation
from tests.objects import fetch
from tests.plays.dots import TEXT, make_live_dot

pytestmark = pytest.mark.django_db


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def test_it_tells_what_the_dot_plays_and_counts_no_scan(client: Client, alice):
    dot = make_live_dot(owner=alice, languages=("en-GB", "es"), title="The mill", description="At the river")

    response = client.get(f"/api/v1/play/{dot.code.lower()}")

    data = response.json()["data"]
    assert response.status_code == 200
    assert data.keys() == {
        "code", "title", "description", "language", "languages", "text", "audioUrl", "expiresAt", "captionsUrl",
        "durationSeconds", "synthetic",
    }  # fmt: skip
    assert data["code"] == dot.code
    assert (data["title"], data["description"], data["text"]) == ("The mill", "At the river", TEXT)
    assert (data["language"], data["languages"]) == ("en-GB", ["en-GB", "es"])
    assert data["durationSeconds"] == 3.375
    assert data["synthetic"] is True
    assert data["audioUrl"].startswith("http://testserver/")
    assert parse_datetime(data["expiresAt"]) > timezone.now()
    assert not Event.objects.exists()


def test_its_addresses_need_no_credentials(client: Client, alice):
    generation = make_ready_generation(owner=alice)

    data = client.get(f"/api/v1/play/{generation.dot.code}").json()["data"]

    audio = fetch(data["audioUrl"])
    assert audio.status_code == 200
    assert audio.headers["Content-Type"] == "audio/mpeg"
    assert client.get(path_of(data["captionsUrl"])).status_code == 200


def test_the_language_is_the_one_asked_for_else_the_best_one_read(client: Client, alice):
    dot = make_live_dot(owner=alice, languages=("en-GB", "es", "de"))

    def language(query: str = "", accept: str = "") -> str:
        answer = client.get(f"/api/v1/play/{dot.code}{query}", headers={"Accept-Language": accept})
        return answer.json()["data"]["language"]

    assert language() == "en-GB"
    assert language("?language=es") == "es"
    assert language("?language=ES-mx", "de") == "es"
    assert language("", "pt, de-AT;q=0.9, es;q=0.5") == "de"
    assert language("?language=xx", "es") == "es"
    assert client.get(f"/api/v1/play/{dot.code}?language=%00").json()["error"]["code"] == "VALIDATION_ERROR"


def test_a_password_goes_in_a_header(client: Client, alice):
    dot = make_live_dot(owner=alice, password=make_password("open sesame"))

    for headers in ({}, {"X-Dot-Password": "wrong"}):
        refused = client.get(f"/api/v1/play/{dot.code}", headers=headers)
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "FORBIDDEN"
    answer = client.get(f"/api/v1/play/{dot.code}", headers={"X-Dot-Password": "open sesame"})
    assert answer.status_code == 200
    assert client.get(path_of(answer.json()["data"]["captionsUrl"])).status_code == 200


def test_what_is_gone_and_what_never_was(client: Client, alice):
    dot = make_live_dot(owner=alice, is_active=False)

    gone = client.get(f"/api/v1/play/{dot.code}")
    assert gone.status_code == 410
    assert gone.json()["error"]["code"] == "GONE"
    assert gone.json()["error"]["details"]["reason"] == "paused"
    assert gone["Cache-Control"] == "no-store"
    unknown = client.get("/api/v1/play/ZZZZZZ")
    assert unknown.status_code == 404
    assert unknown.json()["error"]["code"] == "NOT_FOUND"


def test_both_forms_any_origin_and_no_other_method(client: Client, alice):
    dot = make_live_dot(owner=alice)

    answer = client.get(f"/api/v1/play/{dot.code}/", headers={"Origin": "https://kiosk.example"})

    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] in {"*", "https://kiosk.example"}
    assert client.post(f"/api/v1/play/{dot.code}").status_code == 405
