"""How files come in from a browser: the addresses of the page's script, and the plain form."""

from __future__ import annotations

import io
import json
import uuid

import pytest
from django.test import Client

from tests.uploads.addresses import put
from uploads.models import File, Upload

pytestmark = pytest.mark.django_db
SIGN = "/files/uploads"
TEXT = b"Sow beans.\n"
SIZE = len(TEXT)


@pytest.fixture
def client(client, alice):
    client.force_login(alice)
    return client


def ask(client, url=SIGN, **body):
    return client.post(url, json.dumps(body), content_type="application/json")


def sign(client, name="plan.txt", size=SIZE, content_type="text/plain", **more):
    return ask(client, fileName=name, contentType=content_type, size=size, **more)


def test_a_file_goes_straight_to_the_storage(client):
    signed = sign(client).json()
    assert put(signed["url"], TEXT, signed["headers"]).status == 200

    done = ask(client, f"{SIGN}/{signed['uploadId']}/complete")

    file = File.objects.get()
    assert done.json() == {"url": f"/files/{file.public_id}/"}
    assert file.file_name == "plan.txt"


def test_the_type_that_a_browser_does_not_know_is_taken_from_the_name(client):
    signed = sign(client, name="table.csv", content_type="").json()
    assert signed["headers"]["Content-Type"] == "text/csv"


@pytest.mark.parametrize(
    ("name", "told", "expected"),
    [
        ("walk.webm", "audio/webm;codecs=opus", "audio/webm"),
        ("walk.webm", "video/webm", "audio/webm"),
        ("walk.m4a", "audio/x-m4a", "audio/mp4"),
        ("walk.mp4", "video/mp4", "audio/mp4"),
        ("walk.opus", "", "audio/ogg"),
        ("walk.wav", "application/octet-stream", "audio/wav"),
    ],
)
def test_a_recording_is_taken_for_the_sound_that_its_name_says(client, name, told, expected):
    signed = sign(client, name=name, content_type=told, scope="audio").json()
    upload = Upload.objects.get()
    assert (signed["headers"]["Content-Type"], upload.scope) == (expected, "audio")


def test_a_large_recording_goes_in_parts_too(client, settings):
    settings.UPLOAD_MAX_BYTES = 4
    signed = sign(client, name="walk.wav", content_type="audio/wav", scope="audio").json()
    assert [part["partNumber"] for part in signed["parts"]] == [1]
    assert Upload.objects.get().scope == "audio"


def test_a_large_file_goes_in_parts(client, settings):
    settings.UPLOAD_MAX_BYTES = 4
    settings.MULTIPART_PART_BYTES = part_size = 5 * 1024**2  # no less is a part
    content = b"a\n" * (part_size // 2) + TEXT

    signed = sign(client, size=len(content)).json()
    assert (signed["partSize"], [part["partNumber"] for part in signed["parts"]]) == (part_size, [1, 2])
    fresh = ask(client, f"{SIGN}/{signed['uploadId']}/parts", partNumbers=[2]).json()
    parts = []
    for number, address in ((1, signed["parts"][0]["url"]), (2, fresh["parts"][0]["url"])):
        sent = put(address, content[part_size * (number - 1) : part_size * number])
        assert sent.status == 200
        parts.append({"partNumber": number, "eTag": sent.headers["ETag"]})
    done = ask(client, f"{SIGN}/{signed['uploadId']}/complete", parts=parts)

    assert done.status_code == 200, done.content
    assert File.objects.get().bytes == len(content)


def test_giving_up(client):
    signed = sign(client).json()
    assert ask(client, f"{SIGN}/{signed['uploadId']}/abort").status_code == 200
    assert Upload.objects.get().status == Upload.Status.ABORTED


def test_completing_before_the_put_says_so(client):
    signed = sign(client).json()
    answer = ask(client, f"{SIGN}/{signed['uploadId']}/complete")
    assert answer.status_code == 409
    assert answer.json()["code"] == "CONFLICT"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fileName": "a.txt", "contentType": "text/plain"},
        {"fileName": "a.txt", "contentType": "text/plain", "size": 0},
        {"fileName": "a.txt", "contentType": "text/plain", "size": 10**15},
        {"fileName": "a.exe", "contentType": "application/x-msdownload", "size": 5},
        {"fileName": "x" * 5000, "contentType": "text/plain", "size": 5},
        {"fileName": "a.txt", "contentType": "text/plain", "size": 5, "scope": "admin"},
        {"fileName": "a.txt", "contentType": "text/plain", "size": 5, "scope": "audio"},
    ],
)
def test_what_is_not_taken_is_told_in_a_sentence(client, body):
    answer = ask(client, **body)
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert not Upload.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"fileName": NaN}'])
def test_what_is_no_json_is_refused(client, body):
    assert client.post(SIGN, body, content_type="application/json").status_code == 400


def test_a_full_storage_says_so(client, alice):
    alice.storage_quota_bytes = 0
    alice.save()
    answer = sign(client)
    assert answer.status_code == 403
    assert "Your storage is full" in answer.json()["message"]


@pytest.mark.parametrize("act", ["parts", "complete", "abort"])
def test_a_strangers_upload_is_not_found(client, charlie, act):
    signed = sign(client).json()
    other = Client()
    other.force_login(charlie)
    assert ask(other, f"{SIGN}/{signed['uploadId']}/{act}").status_code == 404
    assert ask(client, f"{SIGN}/{uuid.uuid4()}/{act}").status_code == 404


@pytest.mark.parametrize("url", [SIGN, f"{SIGN}/{uuid.UUID(int=1)}/complete", "/files/upload"])
def test_they_need_sign_in_a_post_and_the_pages_own_token(client, alice, db, url):
    assert Client().post(url).status_code == 302
    assert client.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(url, "{}", content_type="application/json").status_code == 403


# --- The plain form ------------------------------------------------------------------------------------------------


def form_file(content=TEXT, name="plan.txt"):
    file = io.BytesIO(content)
    file.name = name
    return file


def test_the_plain_form_stores_several_files(client):
    sent = {"file": [form_file(), form_file(name="Плaн 2.txt")]}

    page = client.post("/files/upload", sent, follow=True).content.decode()

    assert "“plan.txt” is stored." in page
    assert set(File.objects.values_list("file_name", flat=True)) == {"plan.txt", "Плaн 2.txt"}


def test_what_is_wrong_with_one_does_not_stop_the_others(client):
    sent = {"file": [form_file(b"no sound", "song.mp3"), form_file()]}

    page = client.post("/files/upload", sent, follow=True).content.decode()

    assert "song.mp3: " in page
    assert "“plan.txt” is stored." in page
    assert File.objects.count() == 1


def test_a_form_without_a_file_says_what_to_do(client):
    assert "Choose a file first." in client.post("/files/upload", {}, follow=True).content.decode()


def test_a_form_above_the_limit_is_not_read(client):
    response = client.post(
        "/files/upload",
        b"x",
        content_type="multipart/form-data; boundary=y",
        headers={"Content-Length": str(10**12)},
    )
    assert response.status_code == 413
