"""In which language a visitor hears a dot, and in which the page speaks."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db


def heard(client: Client, dot, query: str = "", accept: str = "") -> str:
    page = client.get(f"/d/{dot.code}{query}", headers={"Accept-Language": accept}).content.decode()
    return re.search(r'class="transcript" id="transcript" lang="([^"]+)"', page)[1]


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        ("", "", "en-GB"),
        ("", "es-MX,es;q=0.9", "es"),
        ("", "en-US", "en-GB"),
        ("", "ja, *;q=0.1", "en-GB"),
        ("", "ar;q=0.8, es;q=0.9", "es"),
        ("?language=ar", "es", "ar"),
        ("?language=AR-eg", "", "ar"),
        ("?language=fr", "es", "es"),
        ("?language=" + "x" * 500, "", "en-GB"),
        ("", "x" * 20_000, "en-GB"),
    ],
)
def test_the_language_asked_for_else_the_best_one_else_the_dots_own(client: Client, alice, query, accept, expected):
    dot = make_live_dot(owner=alice, languages=("en-GB", "es", "ar"), default_language="en-GB")

    assert heard(client, dot, query, accept) == expected


def test_every_language_is_a_link_under_its_own_name(client: Client, alice):
    dot = make_live_dot(owner=alice, languages=("en-GB", "es", "ar"))

    page = " ".join(client.get(f"/d/{dot.code}").content.decode().split())

    assert f'href="/d/{dot.code}?language=es" hreflang="es" lang="es" dir="ltr">Español</a>' in page
    assert f'href="/d/{dot.code}?language=ar" hreflang="ar" lang="ar" dir="rtl">العربية</a>' in page
    assert f'aria-current="true" href="/d/{dot.code}?language=en-GB"' in page


def test_a_text_that_runs_from_the_right_is_marked_so_on_a_page_that_does_not(client: Client, alice):
    dot = make_live_dot(owner=alice, languages=("ar",), text="مرحبا بكم. هذه نقطة.")

    page = " ".join(client.get(f"/d/{dot.code}", headers={"Accept-Language": "en"}).content.decode().split())

    assert '<html lang="en" dir="ltr">' in page
    assert 'lang="ar" dir="rtl"' in page


def test_the_answer_says_that_it_varies_by_language(client: Client, alice):
    response = client.get(f"/d/{make_live_dot(owner=alice).code}")

    assert "Accept-Language" in response["Vary"]


def test_a_page_that_is_not_translated_does_not_say_that_it_is(client: Client, alice, settings):
    """Or a screen reader would read English words with Hebrew sounds, and from the right."""
    settings.LANGUAGES = [*settings.LANGUAGES, ("he", "Hebrew")]
    dot = make_live_dot(owner=alice)

    response = client.get(f"/d/{dot.code}", headers={"Accept-Language": "he"})

    assert '<html lang="en" dir="ltr">' in " ".join(response.content.decode().split())
    assert response["Content-Language"] == "en"
