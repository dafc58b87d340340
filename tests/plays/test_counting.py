"""What counts as a scan, and what does not."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.test import Client

from plays import services
from plays.models import Scan
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db


@pytest.fixture
def dot(alice):
    return make_live_dot(owner=alice)


def scans_on(dot) -> int:
    dot.refresh_from_db()
    return dot.scans_count


def test_each_opening_is_one_row_and_one_in_the_total(client: Client, dot):
    client.get(f"/d/{dot.code}")
    client.get(f"/Q/{dot.code}")

    assert scans_on(dot) == 2
    assert sorted(Scan.objects.values_list("is_printed", flat=True)) == [False, True]
    scan = Scan.objects.first()
    assert scan.language == "en-GB"
    assert scan.generation_id == dot.renditions.get().generation_id


def test_a_head_request_is_no_scan(client: Client, dot):
    assert client.head(f"/d/{dot.code}").status_code == 200

    assert not Scan.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch;prerender"},
        {"Sec-Purpose": "prefetch"},
        {"Purpose": "prefetch"},
        {"X-Purpose": "preview"},
        {"X-Moz": "prefetch"},
    ],
)
def test_a_prefetch_is_no_scan(client: Client, dot, headers):
    assert client.get(f"/d/{dot.code}", headers=headers).status_code == 200

    assert not Scan.objects.exists()


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.23.20.0 A",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; YandexCrawler)",
    ],
)
def test_a_bot_is_a_row_of_its_own_kind_and_in_no_total(client: Client, dot, user_agent):
    client.get(f"/d/{dot.code}", headers={"User-Agent": user_agent})

    assert Scan.objects.get().is_bot
    assert scans_on(dot) == 0


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "Mozilla/5.0 (Linux; Android 13; CUBOT X50) AppleWebKit/537.36 Chrome/119.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile Safari/604.1",
        "x" * 10_000,
    ],
)
def test_people_count_whatever_their_browser_says(client: Client, dot, user_agent):
    client.get(f"/d/{dot.code}", headers={"User-Agent": user_agent})

    assert scans_on(dot) == 1


def test_a_failed_count_does_not_stop_the_page(client: Client, dot, monkeypatch, caplog):
    def fail(**kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(services.Scan.objects, "create", fail)

    response = client.get(f"/d/{dot.code}")

    assert response.status_code == 200
    assert "record_scan failed" in caplog.text
    assert scans_on(dot) == 0


def test_scans_of_what_is_not_there_are_none(client: Client, dot):
    client.get("/d/ZZZZZZ")
    dot.is_active = False
    dot.save()
    client.get(f"/d/{dot.code}")

    assert not Scan.objects.exists()
