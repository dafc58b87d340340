"""GET and DELETE generations/{id}: one run, as it stands."""

from __future__ import annotations

import pytest
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode

from generations import lifecycle, services
from generations.exceptions import FAILURES
from generations.models import Generation, Rendition
from tests.factories import make_generation, make_ready_generation
from tests.generations.api.checks import (
    AUDIO,
    GENERATION,
    NO_SUCH_ID,
    both_forms,
    data_of,
    refused,
    strangers,
    wrong_methods,
)
from tests.objects import fetch
from uploads.storage import store

pytestmark = pytest.mark.django_db


def url(generation: Generation) -> str:
    return f"/api/v1/generations/{generation.public_id}"


@pytest.fixture
def client(api, alice, voice):
    return api(alice)


def path_of(address: str, settings) -> str:
    assert address.startswith(f"{settings.SITE_URL}/"), address
    return address.removeprefix(settings.SITE_URL)


def test_a_ready_one_has_audio_captions_and_pictures_that_need_no_credentials(client, api, alice, settings):
    generation = make_ready_generation(owner=alice)

    body = data_of(client.get(url(generation)))

    assert body.keys() == GENERATION
    assert (body["status"], body["progress"], body["error"]) == ("ready", 100, None)
    for name in ("createdAt", "startedAt", "finishedAt"):
        assert body[name].endswith("Z")
        assert parse_datetime(body[name]).utcoffset().total_seconds() == 0
    audio = body["audio"]
    assert audio.keys() == AUDIO
    assert (audio["contentType"], audio["bytes"]) == ("audio/mpeg", generation.audio_bytes)
    assert audio["durationSeconds"] == generation.duration_ms / 1000
    anybody = api()
    sound = fetch(audio["url"])
    assert sound.status_code == 200
    assert sound.headers["Content-Type"] == "audio/mpeg"
    assert len(sound.content) == audio["bytes"]
    part = fetch(audio["url"], Range="bytes=10-19")
    assert part.status_code == 206
    assert len(part.content) == 10
    captions = anybody.get(path_of(audio["captionsUrl"], settings))
    assert captions.content.decode().startswith("WEBVTT")
    assert body["qr"].keys() == {"pngUrl", "svgUrl"}
    for name, kind in (("pngUrl", "image/png"), ("svgUrl", "image/svg+xml")):
        picture = anybody.get(path_of(body["qr"][name], settings), follow=True)
        assert picture.status_code == 200, body["qr"][name]
        assert picture["Content-Type"] == kind
    both_forms(client, url(generation))


@pytest.mark.parametrize("code", sorted(FAILURES))
def test_a_failed_one_says_why_and_that_the_tokens_are_back(client, alice, code):
    generation = services.request_generation(owner=alice, text="Hello there.")
    lifecycle.fail(lifecycle.claim(generation.pk), code)
    body = data_of(client.get(url(generation)))
    assert (body["status"], body["refunded"], body["audio"]) == ("failed", True, None)
    assert body["error"].keys() == {"code", "message"}
    assert body["error"]["code"] == code
    assert body["error"]["message"] == str(FAILURES[code])


def test_a_running_one_shows_how_far_it_is(client, alice):
    generation = make_generation(owner=alice, status="processing", progress=42)
    body = data_of(client.get(url(generation)))
    assert (body["status"], body["progress"], body["audio"], body["qr"]) == ("processing", 42, None, None)


def test_what_awaits_a_person_and_replaces_another_says_so(client, alice):
    first = make_generation(owner=alice, status="failed")
    second = make_generation(owner=alice, awaiting="studio", replaces=first)
    body = data_of(client.get(url(second)))
    assert (body["awaiting"], body["replaces"], body["dueAt"]) == ("studio", str(first.public_id), None)


def test_it_is_the_owners_alone(client, api, alice, charlie):
    generation = make_generation(owner=alice, status="failed")
    for method in ("get", "delete"):
        strangers(api, charlie, method, url(generation))
    assert Generation.objects.filter(pk=generation.pk).exists()


@pytest.mark.parametrize("method", ["get", "delete"])
def test_ids_are_uuids(client, method):
    call = getattr(client, method)
    refused(call(f"/api/v1/generations/{NO_SUCH_ID}"), 404, "NOT_FOUND")
    for bad in ("7", "nonsense", NO_SUCH_ID.replace("-", ""), "%00"):
        refused(call(f"/api/v1/generations/{bad}"), 400, "VALIDATION_ERROR", "generationId")


def test_deleting_takes_it_away_and_the_older_one_plays(client, alice, django_capture_on_commit_callbacks):
    old = make_ready_generation(owner=alice, text="Old.")
    new = make_ready_generation(owner=alice, text="New.", dot=old.dot)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.delete(url(new))
    assert (response.status_code, response.content) == (204, b"")
    refused(client.get(url(new)), 404, "NOT_FOUND")
    refused(client.delete(url(new)), 404, "NOT_FOUND")
    assert Rendition.objects.get().generation == old
    assert store().stat(new.audio_key) is None


@pytest.mark.parametrize("status", ["queued", "processing"])
def test_a_running_one_is_not_deleted(client, alice, status):
    generation = make_generation(owner=alice, status=status)
    refused(client.delete(url(generation)), 409, "CONFLICT")


def test_there_are_no_other_methods(client, alice):
    wrong_methods(client, url(make_generation(owner=alice)), "GET", "DELETE")


def test_one_takes_a_fixed_number_of_queries(client, alice, django_assert_max_num_queries):
    generation = make_generation(owner=alice, replaces=make_generation(owner=alice))
    with django_assert_max_num_queries(2):
        client.get(f"{url(generation)}?{urlencode({'unknown': 'parameter'})}")
