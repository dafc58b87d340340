"""GET /d/{code} and /q/{code}."""

from __future__ import annotations

import pytest
from django.test import Client

from plays import spool
from plays.models import Event
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db


def test_it_shows_title_player_transcript_and_says_that_the_voice_is_synthetic(client: Client, alice):
    dot = make_live_dot(owner=alice, title="The mill & the pond")

    response = client.get(f"/d/{dot.code}")

    page = response.content.decode()
    assert response.status_code == 200
    assert "<h1" in page
    assert "The mill &amp; the pond" in page
    assert f"/d/{dot.code}/audio.mp3?language=en-GB" in page
    assert '<span data-start="0.0">Hello there.</span>' in page
    assert "Synthetic voice" in page
    assert "/media/" not in page


def test_code_and_address_are_found_in_any_letter_case(client: Client, alice):
    dot = make_live_dot(owner=alice)

    for address in (
        f"/d/{dot.code.lower()}",
        f"/D/{dot.code}",
        f"/Q/{dot.code}",
        f"/q/{dot.code.lower()}",
        f"/d/{dot.code}/",
    ):
        assert client.get(address).status_code == 200, address


def test_a_present_and_a_former_slug_lead_to_it(client: Client, alice):
    from generations.services import update_dot

    dot = make_live_dot(owner=alice)
    update_dot(dot=dot, changes={"slug": "the-mill"})
    update_dot(dot=dot, changes={"slug": "the-old-mill"})

    for slug in ("the-mill", "The-Old-Mill"):
        assert client.get(f"/d/{slug}").status_code == 200


def test_no_cookie_is_set_and_the_answer_depends_on_none(client: Client, alice):
    dot = make_live_dot(owner=alice)
    client.force_login(alice)

    response = client.get(f"/Q/{dot.code}")

    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert response["Cache-Control"] == "no-cache, private"


def test_what_it_may_load_is_only_ours_and_nothing_inline(client: Client, alice):
    dot = make_live_dot(owner=alice)

    response = client.get(f"/d/{dot.code}")

    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in [directive.strip() for directive in policy.split(";")]
    assert "nonce" not in policy
    assert "unsafe" not in policy
    page = response.content.decode()
    assert "style=" not in page
    assert "onclick" not in page


def test_a_scan_costs_few_queries_however_many_languages_there_are(
    client: Client, alice, django_assert_max_num_queries, spooled
):
    dot = make_live_dot(owner=alice, languages=("en-GB", "es", "de", "fr", "ar"))
    client.get(f"/Q/{dot.code}")  # the day's salt

    # Dot, renditions, the owner's wishes, generation. The scan itself costs none.
    with django_assert_max_num_queries(4):
        client.get(f"/Q/{dot.code}")

    spool.take_in_all()
    assert set(Event.objects.values_list("kind", "is_printed")) == {("scan", True)}
    assert Event.objects.count() == 2


def test_an_unknown_code_gets_a_page_that_says_so(client: Client, db):
    for name in ("ZZZZZZ", "nobody-has-this", "a%00b", "x" * 300, "%F0%9F%98%80"):
        response = client.get(f"/d/{name}")
        assert response.status_code == 404, name
        assert "No dot has this code" in response.content.decode()
        assert response["Cache-Control"] == "no-store"


def test_other_methods_are_refused(client: Client, alice):
    dot = make_live_dot(owner=alice)

    assert client.put(f"/d/{dot.code}").status_code == 405
    assert client.delete(f"/d/{dot.code}").status_code == 405
