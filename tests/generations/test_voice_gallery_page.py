"""The gallery of voices."""

import pytest
from django.utils import timezone

from generations.models import Voice
from tests.factories import make_voice

pytestmark = pytest.mark.django_db
URL = "/voices/"


@pytest.fixture
def voices():
    heard = {"preview_key": "audio/2026/11/p.mp3", "preview_recorded_at": timezone.now()}
    return [
        make_voice(gender=Voice.Gender.MALE, **heard),
        make_voice(key="espeak:en-gb-f2", label="English (Great Britain) 2", gender=Voice.Gender.FEMALE, **heard),
        make_voice(key="espeak:de", label="German", language="de"),
        make_voice(key="espeak:gone", label="Gone", language="fr", is_available=False),
    ]


def labels(response):
    return [voice.label for group in response.context["page"] for voice in group.voices]


def test_everybody_sees_the_voices_by_language(client, voices):
    response = client.get(URL)

    page = response.content.decode()
    assert labels(response) == ["English (Great Britain)", "English (Great Britain) 2", "German"]
    assert [group.name for group in response.context["page"]] == ["English", "German"]
    assert "3 voices" in page
    assert "2 languages" in page
    assert "synthetic voice" in page
    assert 'href="/voices/espeak:en-gb/preview.mp3"' in page
    assert "sample follows" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "deutsch"}, ["German"]),
        ({"q": "germ"}, ["German"]),
        ({"q": "ENGLISH britain"}, ["English (Great Britain)", "English (Great Britain) 2"]),
        ({"q": "english", "gender": "female"}, ["English (Great Britain) 2"]),
        ({"gender": "neutral"}, ["German"]),
        ({"kind": "synthetic", "q": "en-gb-f2"}, ["English (Great Britain) 2"]),
        ({"kind": "human"}, []),
        ({"gender": "purple"}, ["English (Great Britain)", "English (Great Britain) 2", "German"]),
    ],
)
def test_it_can_be_searched(client, voices, query, found):
    response = client.get(URL, query)
    assert labels(response) == found
    assert ("Show all voices" in response.content.decode()) == (not found)


def test_languages_are_found_by_the_words_that_the_page_calls_them(client, voices):
    response = client.get(URL, {"q": "germ"})
    assert [group.name for group in response.context["page"]] == ["German"]


def test_an_empty_catalogue_says_so(client):
    assert "No voices yet" in client.get(URL).content.decode()


def test_many_languages_are_paged(client):
    some = ["af", "ar", "az", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "en", "eo"]
    some += ["es", "et", "eu", "fa", "fi", "fr", "ga", "gu", "he", "hi", "hr", "hu", "hy"]
    for number, tag in enumerate(some):
        make_voice(key=f"espeak:v{number}", label=tag, language=tag)

    first, second = client.get(URL), client.get(URL, {"page": 2})

    assert len(first.context["page"]) == 24
    assert len(second.context["page"]) == 2
    assert "More languages" in first.content.decode()


def test_a_preview_leads_to_its_object(client, voices):
    response = client.get("/voices/espeak:en-gb/preview.mp3")
    assert response.status_code == 302
    assert "audio/2026/11/p.mp3" in response.url


@pytest.mark.parametrize("key", ["espeak:de", "espeak:gone", "espeak:none", "espeak:en%00", "%00"])
def test_without_a_preview_it_is_404(client, voices, key):
    assert client.get(f"/voices/{key}/preview.mp3").status_code == 404


def test_it_is_only_looked_at(client, voices):
    assert client.post(URL).status_code == 405
    assert client.post("/voices/espeak:en-gb/preview.mp3").status_code == 405


def test_it_sets_no_cookie(client, voices):
    assert not client.get(URL).cookies


def test_its_queries_do_not_grow_with_the_voices(client, voices, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        client.get(URL)
