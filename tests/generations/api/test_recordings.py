"""POST generations with an uploadId: a dot from a recording."""

from __future__ import annotations

import io
import uuid

import pytest
from django.utils import timezone
from mutagen.mp3 import MP3

from generations import pipeline
from generations.models import Dot, Generation
from tests.factories import make_dot
from tests.generations.api.checks import GENERATION, NO_SUCH_ID, data_of, refused
from tests.generations.recordings import make_upload
from uploads.models import File, Upload
from uploads.storage import store

pytestmark = pytest.mark.django_db
URL = "/api/v1/generations"


@pytest.fixture
def client(api, alice):
    return api(alice)


def ask(client, upload=None, **body):
    named = {"uploadId": str(upload.public_id)} if upload else {}
    wishes = {"language": "en-GB", **named, **body}
    return client.post(URL, {name: value for name, value in wishes.items() if value is not None}, format="json")


def test_it_works_from_the_request_to_the_sound(client, alice):
    body = data_of(ask(client, make_upload(alice), text="The path begins at the gate.", title="A walk"), 202)

    assert body.keys() == GENERATION
    assert (body["source"], body["synthetic"], body["voice"]) == ("upload", False, None)
    assert (body["tokens"], body["characters"], body["refunded"]) == (0, 28, False)
    assert (body["title"], body["text"], body["language"]) == ("A walk", "The path begins at the gate.", "en-GB")
    assert (body["status"], body["speed"], body["pitch"]) == ("queued", 1.0, 1.0)

    generation = Generation.objects.get(public_id=body["id"])
    pipeline.fulfil(generation.pk)

    ready = data_of(client.get(f"{URL}/{body['id']}"))
    assert ready["status"] == "ready"
    assert ready["audio"]["contentType"] == "audio/mpeg"
    generation.refresh_from_db()
    with store().open(generation.audio_key) as audio:
        assert MP3(io.BytesIO(audio.read())).info.length == pytest.approx(ready["audio"]["durationSeconds"], abs=0.06)
    dot = data_of(client.get(f"/api/v1/dots/{ready['dotId']}"))
    assert dot["renditions"] == [
        {
            "language": "en-GB",
            "generationId": body["id"],
            "voice": None,
            "durationSeconds": ready["audio"]["durationSeconds"],
        }
    ]
    played = data_of(client.get(f"/api/v1/play/{dot['code']}"))
    assert played["synthetic"] is False


def test_the_transcript_may_be_left_out_and_captions_set_afterwards(client, alice):
    body = data_of(ask(client, make_upload(alice)), 202)
    assert (body["text"], body["title"]) == ("", "A walk")
    pipeline.fulfil(Generation.objects.get().pk)

    vtt = "WEBVTT\n\n00:00.000 --> 00:02.000\nThe path.\n"
    data_of(client.put(f"{URL}/{body['id']}/captions", {"captions": vtt}, format="json"))

    assert "The path." in Generation.objects.get().captions


def test_it_joins_a_dot(client, alice):
    dot = make_dot(owner=alice)
    assert data_of(ask(client, make_upload(alice), dotId=str(dot.public_id)), 202)["dotId"] == str(dot.public_id)


def test_the_same_key_makes_one_dot(client, alice):
    upload = make_upload(alice)
    key = {"HTTP_IDEMPOTENCY_KEY": "once"}
    wishes = {"uploadId": str(upload.public_id), "language": "en"}
    answers = [client.post(URL, wishes, format="json", **key) for _time in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Dot.objects.count() == 1


def test_it_needs_credentials(api, alice):
    refused(ask(api(), make_upload(alice)), 401, "UNAUTHORIZED")


def test_a_strangers_upload_is_not_found(api, alice, charlie):
    refused(ask(api(charlie), make_upload(alice)), 404, "NOT_FOUND")
    refused(ask(api(charlie), uploadId=NO_SUCH_ID), 404, "NOT_FOUND")
    assert not Generation.objects.exists()


def test_a_strangers_dot_is_not_found(api, alice, charlie):
    dot = make_dot(owner=alice)
    refused(ask(api(charlie), make_upload(charlie), dotId=str(dot.public_id)), 404, "NOT_FOUND")


def test_other_methods_are_refused(client):
    refused(client.put(URL, {}, format="json"), 405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"language": None}, "language"),
        ({"language": "klingon"}, "language"),
        ({"language": 7}, "language"),
        ({"voice": "espeak:en-gb"}, "voice"),
        ({"speed": 1.5}, "speed"),
        ({"pitch": 0.5}, "pitch"),
        ({"settings": {"style": 1}}, "settings"),
        ({"text": "bell \u0007"}, "text"),
        ({"text": "x" * 100_001}, "text"),
        ({"text": 7}, "text"),
        ({"title": "t" * 121}, "title"),
        ({"uploadId": "seven"}, "uploadId"),
        ({"uploadId": 7}, "uploadId"),
    ],
)
def test_bad_input_names_the_field(client, alice, wishes, field):
    refused(ask(client, make_upload(alice), **wishes), 400, "VALIDATION_ERROR", field)
    assert not Generation.objects.exists()


def test_one_of_text_and_upload_is_needed(client):
    refused(ask(client), 400, "VALIDATION_ERROR", "text")


def test_what_is_no_recording_names_the_upload(client, alice):
    upload = make_upload(alice, b"%PDF-1.7", file_name="a.pdf", content_type="application/pdf", scope="files")
    refused(ask(client, upload), 400, "VALIDATION_ERROR", "uploadId")


@pytest.mark.parametrize("status", [Upload.Status.PENDING, Upload.Status.REJECTED, Upload.Status.EXPIRED])
def test_an_upload_that_is_not_completed_conflicts(client, alice, status):
    upload = make_upload(alice, status=status, bytes=None, completed_at=None)
    refused(ask(client, upload), 409, "CONFLICT")


def test_a_file_in_the_bin_conflicts(client, alice):
    upload = make_upload(alice)
    File.objects.update(deleted_at=timezone.now())
    refused(ask(client, upload), 409, "CONFLICT")


def test_a_failure_says_what_is_wrong_with_the_recording(client, alice):
    body = data_of(ask(client, make_upload(alice, b"no sound")), 202)
    pipeline.fulfil(Generation.objects.get().pk)
    error = data_of(client.get(f"{URL}/{body['id']}"))["error"]
    assert error["code"] == "INVALID_AUDIO"
    assert "recording" in error["message"]


def test_its_file_is_in_use_until_the_dot_is_ready(client, alice):
    upload = make_upload(alice)
    ask(client, upload)
    file = f"/api/v1/files/{upload.file.public_id}"
    assert data_of(client.get(file))["inUse"] is True
    refused(client.delete(file), 409, "CONFLICT")

    pipeline.fulfil(Generation.objects.get().pk)

    assert data_of(client.get(file))["inUse"] is False
    assert client.delete(file).status_code == 204
    assert uuid.UUID(data_of(client.get(f"{URL}/{Generation.objects.get().public_id}"))["id"])
