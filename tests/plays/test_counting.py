"""What counts as a scan, and what does not."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from plays import complaints
from plays.models import Event, ListeningSettings, Miss
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


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
    assert sorted(Event.objects.values_list("is_printed", flat=True)) == [False, True]
    scan = Event.objects.first()
    assert scan.language == "en-GB"
    assert scan.generation_id == dot.renditions.get().generation_id


def test_a_head_request_is_no_scan(client: Client, dot):
    assert client.head(f"/d/{dot.code}").status_code == 200

    assert not Event.objects.exists()


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

    assert not Event.objects.exists()


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

    assert Event.objects.get().is_bot
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


@pytest.mark.django_db(transaction=True)
def test_a_failed_count_does_not_stop_the_page(client: Client, dot, caplog):
    complaints.forget()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE plays_event RENAME TO plays_elsewhere")
    try:
        response = client.get(f"/d/{dot.code}")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE plays_elsewhere RENAME TO plays_event")

    assert response.status_code == 200
    assert "A count could not be taken in at once" in caplog.text
    assert scans_on(dot) == 0


def test_asking_for_what_is_not_there_is_a_miss_of_its_code_and_reason(client: Client, dot):
    client.get("/d/777777")
    client.get("/q/777777")
    client.get("/d/no-code-but-a-slug")
    client.head("/d/777777")
    client.get("/d/777777", headers={"User-Agent": "Googlebot/2.1"})
    client.get("/d/777777", headers={"Sec-Purpose": "prefetch"})
    dot.is_active = False
    dot.save()
    client.get(f"/d/{dot.code.lower()}")

    assert not Event.objects.exists()
    assert set(Miss.objects.values_list("code", "reason", "count")) == {
        ("777777", "unknown", 2),
        (dot.code, "paused", 1),
    }


@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_who_does_not_want_to_be_followed_is_counted_and_nothing_else(client: Client, dot, header):
    client.get(f"/d/{dot.code}", headers={header: "1", "User-Agent": FIREFOX, "Referer": "https://example.org/a"})

    assert scans_on(dot) == 1
    event = Event.objects.get()
    assert (event.visitor, event.device, event.system, event.browser, event.referrer) == ("", "", "", "", "")


def test_others_are_a_hash_and_what_their_browser_tells(client: Client, dot):
    client.get(
        f"/d/{dot.code}", REMOTE_ADDR="192.0.2.77", headers={"User-Agent": FIREFOX, "Referer": "https://example.org/a"}
    )

    event = Event.objects.get()
    assert len(event.visitor) == 64
    assert (event.device, event.system, event.browser) == ("desktop", "Linux", "Firefox")
    assert event.referrer == "example.org"


def test_an_account_can_have_nothing_but_the_count_written_down(client: Client, dot, alice):
    ListeningSettings.objects.create(owner=alice, keeps_attributes=False)

    client.get(f"/d/{dot.code}", headers={"User-Agent": FIREFOX})

    assert scans_on(dot) == 1
    assert (Event.objects.get().visitor, Event.objects.get().browser) == ("", "")


def test_a_user_agent_of_ten_thousand_characters_leaves_nothing_of_itself(client: Client, dot):
    client.get(f"/d/{dot.code}", headers={"User-Agent": "Mozilla/5.0 " + "Firefox\x00/1\n" * 1000})

    assert scans_on(dot) == 1
    event = Event.objects.get()
    assert max(map(len, (event.device, event.system, event.browser))) <= 20
