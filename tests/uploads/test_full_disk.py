"""A disk that is full where copies and forms are kept for a moment: 503, a line in the record, and nothing is lost."""

from __future__ import annotations

import errno
import io
import json
import os

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from tests.factories import make_voice
from tests.uploads import samples
from tests.uploads.uploading import put_upload
from uploads import examination, services
from uploads.models import File, Upload, UploadEvent
from uploads.storage import StorageError

pytestmark = pytest.mark.django_db


def _no_space(*_args, **_more):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def full_forms(monkeypatch, settings):
    """No form's file fits on the disk."""

    def write(handler, *_data):
        handler.file.close()  # else left to the garbage collector, which the tests take for a mistake
        _no_space()

    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", write)


@pytest.fixture
def web(client, alice):
    client.force_login(alice)
    return client


class FullFile(io.BytesIO):
    def write(self, _data):
        _no_space()


def last_line() -> tuple:
    line = UploadEvent.objects.latest("pk")
    return line.account, line.action, line.reason


def a_file(name="plan.txt", content=b"Sow beans.\n"):
    file = io.BytesIO(content)
    file.name = name
    return file


@pytest.mark.parametrize("breaks", ["_temporary_file", "write"])
def test_completion_says_so_and_can_be_tried_again(s3_store, alice, monkeypatch, breaks):
    upload = put_upload(alice)
    full = _no_space if breaks == "_temporary_file" else FullFile
    with monkeypatch.context() as patch:
        patch.setattr(examination, "_temporary_file", full)
        with pytest.raises(StorageError) as raised:
            services.complete_upload(upload=upload)

    assert raised.value.status == 503
    assert last_line() == (alice, "failed", "SERVICE_UNAVAILABLE")
    assert services.complete_upload(upload=upload).is_completed


def test_a_small_form_is_looked_at_in_a_copy(local_store, alice, monkeypatch):
    monkeypatch.setattr(examination, "_temporary_file", _no_space)

    with pytest.raises(StorageError):
        services.store_form_file(
            owner=alice, file=io.BytesIO(b"Beans."), file_name="plan.txt", content_type="text/plain", size=6
        )

    assert last_line() == (alice, "failed", "SERVICE_UNAVAILABLE")
    assert not Upload.objects.exists()


@pytest.mark.usefixtures("full_forms")
@pytest.mark.parametrize("strict", [False, True])
def test_the_plain_form_says_so(alice, strict):
    web = Client(enforce_csrf_checks=strict)
    web.force_login(alice)
    web.get("/files/")
    token = web.cookies["csrftoken"].value if "csrftoken" in web.cookies else ""

    answer = web.post("/files/upload", {"csrfmiddlewaretoken": token, "file": a_file()})

    assert answer.status_code in ((503,) if strict else (302, 503))
    assert last_line() == (alice, "failed", "SERVICE_UNAVAILABLE")
    if answer.status_code == 302:
        assert "storage is not available" in web.get("/files/").content.decode()


@pytest.mark.usefixtures("full_forms")
def test_the_form_of_a_recording_says_so(alice):
    make_voice()
    web = Client(enforce_csrf_checks=True)
    web.force_login(alice)
    web.get("/dots/new/recording")
    sent = {
        "csrfmiddlewaretoken": web.cookies["csrftoken"].value,
        "language": "en-GB",
        "file": a_file("a.mp3", samples.mp3()),
    }

    answer = web.post("/dots/new/recording", sent)

    assert answer.status_code == 503
    assert "storage is not available" in answer.content.decode()
    assert last_line() == (alice, "failed", "SERVICE_UNAVAILABLE")


@pytest.mark.usefixtures("full_forms")
def test_a_program_is_told_in_the_envelope(api, alice):
    answer = api(alice).post("/api/v1/files", {"file": a_file()}, format="multipart")

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "SERVICE_UNAVAILABLE"
    assert last_line() == (alice, "failed", "SERVICE_UNAVAILABLE")
    assert not File.objects.exists()


def test_completing_and_signing_parts_are_limited_as_in_the_api(web, settings):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "uploads": "1/m"}

    def ask(url, **body):
        return web.post(url, json.dumps(body), content_type="application/json")

    wish = {"fileName": "plan.txt", "contentType": "text/plain", "size": 5}
    upload_id = ask("/files/uploads", **wish).json()["uploadId"]

    for act, body in (("complete", {}), ("parts", {"partNumbers": [1]})):
        answer = ask(f"/files/uploads/{upload_id}/{act}", **body)
        assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert ask(f"/files/uploads/{upload_id}/abort").status_code == 200
