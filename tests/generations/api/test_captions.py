"""PUT generations/{id}/captions: the cues, set by hand."""

from __future__ import annotations

import pytest

from generations.models import Generation
from generations.webvtt import parse_vtt
from micdots.api.schema import make_schema
from tests.factories import make_generation
from tests.generations.api.checks import GENERATION, NO_SUCH_ID, data_of, refused, strangers, wrong_methods
from uploads.storage import new_key

pytestmark = pytest.mark.django_db
VTT = """WEBVTT

00:00.000 --> 00:01.000
Good <b>day</b> &amp;
welcome.

1
00:01.000 --> 00:02.000 align:left
Bye.
"""


def url(generation: Generation) -> str:
    return f"/api/v1/generations/{generation.public_id}/captions"


def put(client, generation, captions, slash=""):
    return client.put(url(generation) + slash, {"captions": captions}, format="json")


@pytest.fixture
def client(api, alice, voice):
    return api(alice)


@pytest.fixture
def ready(alice, voice):
    return make_generation(
        owner=alice,
        status="ready",
        audio_key=new_key("audio", "mp3"),
        audio_bytes=1,
        duration_ms=2_000,
        captions="WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nBefore.\n",
    )


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_cues_are_taken_and_served(client, api, ready, settings, slash):
    body = data_of(put(client, ready, VTT.replace("\n", "\r\n"), slash))

    assert body.keys() == GENERATION
    served = api().get(body["audio"]["captionsUrl"].removeprefix(settings.SITE_URL)).content.decode()
    assert [(cue.start, cue.end, cue.text) for cue in parse_vtt(served)] == [
        (0, 1, "Good day & welcome."),
        (1, 2, "Bye."),
    ]
    ready.refresh_from_db()
    assert ready.captions_edited_at is not None


@pytest.mark.parametrize(
    "captions",
    [
        "",
        "   ",
        None,
        7,
        "Hello.",
        "WEBVTT",
        "WEBVTT\n\nNOTE nothing here\n",
        "WEBVTT\n\n00:01.000 -> 00:02.000\nBad arrow.\n",
        "WEBVTT\n\n00:02.000 --> 00:01.000\nBackwards.\n",
        "WEBVTT\n\n00:00.000 --> 00:01.500\nOne.\n\n00:01.000 --> 00:02.000\nOverlaps.\n",
        "WEBVTT\n\n00:00.000 --> 01:00.000\nBehind the end.\n",
        "WEBVTT\n\n00:00.000 --> 00:01.000\n",
        "WEBVTT\n\n00:00.000 --> 00:01.000\nBell \x07.\n",
    ],
)
def test_bad_captions_are_named_and_the_old_ones_stay(client, ready, captions):
    error = refused(put(client, ready, captions), 400, "VALIDATION_ERROR", "captions")
    assert error["details"]["captions"][0]
    assert "Before." in Generation.objects.get(pk=ready.pk).captions


def test_the_line_that_is_wrong_is_told(client, ready):
    error = refused(
        put(client, ready, "WEBVTT\n\n00:00.000 --> 00:01.000\nOne.\n\n00:00.500 --> 00:02.000\nTwo.\n"),
        400,
        "VALIDATION_ERROR",
        "captions",
    )
    assert "6" in error["details"]["captions"][0]


def test_without_captions_the_field_is_named(client, ready):
    refused(client.put(url(ready), {}, format="json"), 400, "VALIDATION_ERROR", "captions")


def put_file(client, generation, file: bytes, content_type="text/vtt"):
    return client.put(url(generation), file, content_type=content_type)


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("content_type", ["text/vtt", "text/vtt; charset=UTF-8"])
def test_the_file_itself_is_taken(client, ready, start, line_end, content_type):
    file = (start + VTT.replace("Bye.", "Tschüß.")).replace("\n", line_end).encode()

    body = data_of(put_file(client, ready, file, content_type))

    assert body.keys() == GENERATION
    ready.refresh_from_db()
    assert [cue.text for cue in parse_vtt(ready.captions)] == ["Good day & welcome.", "Tschüß."]
    assert ready.captions_edited_at is not None


def test_captions_in_json_may_begin_with_a_byte_order_mark(client, ready):
    data_of(put(client, ready, "\ufeff" + VTT))


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"Hello.",
        b'{"captions": "WEBVTT"}',
        VTT.replace("Bye.", "Tsch\xfc\xdf.").encode("latin-1"),
        VTT.encode("utf-16"),
        VTT.replace("Bye.", "Bye\x00.").encode(),
    ],
)
def test_a_bad_file_is_named_and_the_old_captions_stay(client, ready, file):
    error = refused(put_file(client, ready, file), 400, "VALIDATION_ERROR", "captions")
    assert error["details"]["captions"][0]
    assert "Before." in Generation.objects.get(pk=ready.pk).captions


@pytest.mark.parametrize("content_type", ["text/vtt; charset=latin-1", "text/plain", "text/html"])
def test_files_of_other_types_are_refused(client, ready, content_type):
    refused(put_file(client, ready, VTT.encode(), content_type), 415, "UNSUPPORTED_MEDIA_TYPE")


def padded(size: int) -> str:
    """Captions with a note that brings them to so many bytes."""
    return VTT + "\nNOTE\n" + "x" * (size - len(VTT) - 6)


def test_a_file_may_be_as_large_as_every_body(client, ready, settings):
    data_of(put_file(client, ready, padded(settings.MAX_BODY_BYTES).encode()))
    refused(put_file(client, ready, padded(settings.MAX_BODY_BYTES + 1).encode()), 413, "PAYLOAD_TOO_LARGE")
    data_of(put(client, ready, padded(settings.MAX_BODY_BYTES - 1000)))


def test_the_schema_has_both_forms():
    content = make_schema()["paths"]["/api/v1/generations/{generationId}/captions"]["put"]["requestBody"]["content"]
    assert content.keys() == {"application/json", "text/vtt"}
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/CaptionsRequest"}
    assert content["text/vtt"]["schema"]["type"] == "string"


@pytest.mark.parametrize("status", ["queued", "processing", "failed", "cancelled"])
def test_what_is_not_ready_is_a_conflict(client, alice, status):
    refused(put(client, make_generation(owner=alice, status=status), VTT), 409, "CONFLICT")


def test_it_is_the_owners_alone(client, api, charlie, ready):
    strangers(api, charlie, "put", url(ready), {"captions": VTT})
    assert "Before." in Generation.objects.get(pk=ready.pk).captions


def test_ids_are_uuids(client):
    for bad, status, code, fields in (
        (NO_SUCH_ID, 404, "NOT_FOUND", ()),
        ("7", 400, "VALIDATION_ERROR", ("generationId",)),
    ):
        response = client.put(f"/api/v1/generations/{bad}/captions", {"captions": VTT}, format="json")
        refused(response, status, code, *fields)


def test_there_are_no_other_methods(client, ready):
    wrong_methods(client, url(ready), "PUT")
