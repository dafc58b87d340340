"""One dot's page: what it plays, its code, its history."""

import pytest
from django.utils import timezone

from generations.models import Dot, Generation
from tests.factories import make_generation, make_voice

pytestmark = pytest.mark.django_db

CAPTIONS = """WEBVTT

00:00:00.000 --> 00:00:01.500
The first sentence.

00:00:01.500 --> 00:00:03.250
&lt;b&gt; The second.
"""


@pytest.fixture
def generation(alice):
    return make_generation(
        owner=alice,
        text="The first sentence. <b> The second.",
        status=Generation.Status.READY,
        captions=CAPTIONS,
        duration_ms=65_400,
        audio_key="audio/2026/11/x.mp3",
    )


@pytest.fixture
def dot(generation):
    Dot.objects.filter(pk=generation.dot_id).update(
        qr_drawn_at=timezone.now(), scans_count=12, plays_count=7, default_language="en-GB"
    )
    generation.dot.refresh_from_db()
    return generation.dot


def page_of(client, dot):
    response = client.get(f"/dots/{dot.code}/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_it_shows_player_text_code_and_totals(client, alice, generation, dot):
    client.force_login(alice)

    page = page_of(client, dot)

    assert f'src="/generations/{generation.public_id}/audio.mp3"' in page
    assert "1:05" in page
    assert 'lang="en-GB"' in page
    assert 'data-start="1.5"' in page
    assert "The first sentence." in page
    assert "&lt;b&gt; The second." in page
    assert f'alt="QR code {dot.code}: opens the page that plays' in page
    assert f'download="micdots-{dot.code}.png"' in page
    assert dot.play_url in page
    assert dot.print_url in page
    assert '<dt>Scans</dt><dd class="number">12</dd>' in page
    assert "synthetic voice" in page


def test_the_code_is_found_in_any_letter_case(client, alice, dot):
    client.force_login(alice)
    assert client.get(f"/dots/{dot.code.lower()}/").status_code == 200


def test_it_needs_sign_in(client, dot):
    assert client.get(f"/dots/{dot.code}/").url == f"/account/login/?next=/dots/{dot.code}/"


def test_a_stranger_gets_404(client, charlie, dot):
    client.force_login(charlie)
    assert client.get(f"/dots/{dot.code}/").status_code == 404


@pytest.mark.parametrize("code", ["ZZZZZZ", "22FFKK", "%00", "22FFKK%00", "x" * 500])
def test_an_unknown_code_is_404(client, alice, code):
    client.force_login(alice)
    for rest in ("", "settings", "generations/new", "recordings/new", "qr.png"):
        assert client.get(f"/dots/{code}/{rest}").status_code == 404


def test_it_is_only_looked_at(client, alice, dot):
    client.force_login(alice)
    assert client.post(f"/dots/{dot.code}/").status_code == 405


def test_a_running_generation_has_a_bar_that_follows_it_and_can_be_cancelled(client, alice):
    generation = make_generation(owner=alice, status=Generation.Status.PROCESSING, progress=40)
    client.force_login(alice)

    page = page_of(client, generation.dot)

    assert f'hx-get="/generations/{generation.public_id}/status"' in page
    assert '<progress max="100" value="40"' in page
    assert "Being spoken: 40 % done." in page
    assert f'action="/generations/{generation.public_id}/cancel"' in page
    assert "The code is drawn when the first voice is ready." in page
    assert "<noscript>" in page


def test_a_failure_says_why_what_became_of_the_tokens_and_what_to_do(client, alice):
    generation = make_generation(
        owner=alice, status=Generation.Status.FAILED, error_code="NO_SPEECH", tokens=27, is_refunded=True
    )
    client.force_login(alice)

    page = page_of(client, generation.dot)

    assert "The voice in English (United Kingdom) could not be made" in page
    assert "the voice made no sound of this text" in page
    assert "The 27 tokens that it cost are back on your account." in page
    assert f'action="/generations/{generation.public_id}/retry"' in page
    assert f"/dots/{generation.dot.code}/generations/new?from={generation.public_id}" in page


def test_a_failure_that_a_later_version_made_good_is_history_only(client, alice):
    failed = make_generation(owner=alice, status=Generation.Status.FAILED, error_code="TIMEOUT")
    make_generation(owner=alice, dot=failed.dot, status=Generation.Status.READY)
    client.force_login(alice)

    page = page_of(client, failed.dot)

    assert 'id="trouble-title"' not in page
    assert "Making the voice took too long" in page  # in the table of versions


def test_several_languages_stand_with_the_default_first(client, alice, generation, dot):
    voice = make_voice(key="espeak:de", label="German", language="de")
    make_generation(owner=alice, dot=dot, voice=voice, text="Hallo.", status=Generation.Status.READY)
    client.force_login(alice)

    page = page_of(client, dot)

    assert page.index('?language=en-GB#voices-title" aria-current="page"') < page.index("?language=de#voices-title")
    assert "(default)" in page
    german = client.get(f"/dots/{dot.code}/", {"language": "de"}).content.decode()
    assert '?language=de#voices-title" aria-current="page"' in german
    assert 'lang="de"' in german
    assert client.get(f"/dots/{dot.code}/", {"language": "tlh"}).context["shown"].generation == generation


def test_an_address_that_phones_cannot_open_is_said_beside_the_code(client, alice, dot, settings):
    client.force_login(alice)

    settings.SITE_URL = "http://127.0.0.1:8000"
    assert "Phones cannot open this code yet" in page_of(client, dot)
    settings.SITE_URL = "http://192.168.0.4"
    assert "Only phones in the same network can open this code." in page_of(client, dot)
    settings.SITE_URL = "https://dots.example.org"
    assert "SITE_URL" not in page_of(client, dot)


def test_a_long_history_is_paged(client, alice, dot):
    for number in range(25):
        make_generation(owner=alice, dot=dot, text=f"Version {number}", status=Generation.Status.CANCELLED)
    client.force_login(alice)

    first = client.get(f"/dots/{dot.code}/")
    second = client.get(f"/dots/{dot.code}/", {"versions": "2"})

    assert len(first.context["versions"]) == 20
    assert len(second.context["versions"]) == 6
    assert client.get(f"/dots/{dot.code}/", {"versions": "x"}).status_code == 200


def test_nothing_is_inline(client, alice, dot):
    """The Content-Security-Policy would block it."""
    client.force_login(alice)
    page = page_of(client, dot)
    assert "style=" not in page
    assert "onclick" not in page
    assert "<script>" not in page


def test_its_queries_do_not_grow_with_its_versions(client, alice, dot, django_assert_max_num_queries):
    for number in range(15):
        make_generation(owner=alice, dot=dot, text=f"Version {number}", status=Generation.Status.CANCELLED)
    client.force_login(alice)

    with django_assert_max_num_queries(13):
        page_of(client, dot)
