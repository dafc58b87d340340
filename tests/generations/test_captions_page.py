"""Editing the captions of a generation."""

import pytest

from generations.models import Generation
from tests.factories import make_generation

pytestmark = pytest.mark.django_db

CAPTIONS = "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello.\n"
BETTER = "WEBVTT\n\n00:00.000 --> 00:01.200\nHello!\n"


@pytest.fixture
def generation(alice):
    return make_generation(owner=alice, status=Generation.Status.READY, captions=CAPTIONS, duration_ms=1500)


@pytest.fixture
def url(generation):
    return f"/generations/{generation.public_id}/captions"


def test_they_can_be_changed(client, alice, generation, url):
    client.force_login(alice)
    assert "Hello." in client.get(url).content.decode()

    response = client.post(url, {"captions": BETTER})

    generation.refresh_from_db()
    assert response.url == f"/dots/{generation.dot.code}/"
    assert "00:00:00.000 --> 00:00:01.200\nHello!" in generation.captions
    assert generation.captions_edited_at


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Captions cannot be empty."),
        ("Hello", "the first line must be “WEBVTT”"),
        ("WEBVTT\n\n00:09.000 --> 00:12.000\nToo late.\n", "this cue ends after the audio"),
        ("WEBVTT\n\n00:01.000 --> 00:00.500\nBackwards.\n", "a cue must end after it begins"),
    ],
)
def test_bad_captions_are_said_and_stay_typed(client, alice, generation, url, typed, sentence):
    client.force_login(alice)

    response = client.post(url, {"captions": typed})

    assert response.status_code == 200
    assert sentence in response.context["form"].errors["captions"][0]
    assert response.context["form"]["captions"].value() == typed
    generation.refresh_from_db()
    assert generation.captions == CAPTIONS


def test_before_the_audio_is_ready_there_is_nothing_to_caption(client, alice):
    generation = make_generation(owner=alice)
    client.force_login(alice)
    page = client.get(f"/generations/{generation.public_id}/captions", follow=True).content.decode()
    assert "Captions can be set when the audio is ready." in page


def test_a_stranger_gets_404(client, charlie, generation, url):
    client.force_login(charlie)
    assert client.post(url, {"captions": BETTER}).status_code == 404
    generation.refresh_from_db()
    assert generation.captions == CAPTIONS


def test_other_methods_are_refused(client, alice, url):
    client.force_login(alice)
    assert client.put(url).status_code == 405
