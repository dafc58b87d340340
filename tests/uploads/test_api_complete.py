"""``POST uploads/{id}/complete`` and ``GET uploads/{id}``: what arrived is looked at, over both stores."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.uploads import samples
from tests.uploads.uploading import completed_upload, put_upload, signed_upload
from uploads import services
from uploads.examination import examine
from uploads.exceptions import StorageError
from uploads.models import DoomedObject, File, Upload, UploadEvent
from uploads.storage import ObjectStore


def url(upload: Upload, tail: str = "/complete") -> str:
    return f"/api/v1/uploads/{upload.public_id}{tail}"


@pytest.fixture
def complete(api, alice):
    client = api(alice)
    return lambda upload: client.post(url(upload))


def error_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_what_is_right_becomes_a_file(complete, store, alice):
    content = samples.mp3()
    upload = put_upload(alice, content, file_name="Grüße.mp3", file_size=len(content))

    response = complete(upload)

    assert response.status_code == 200
    assert response.json()["data"] == {
        "uploadId": str(upload.public_id),
        "fileKey": upload.key,
        "status": "completed",
        "bytes": len(content),
        "contentType": "audio/mpeg",
        "fileName": "Grüße.mp3",
        "sha256": hashlib.sha256(content).hexdigest(),
        "durationSeconds": pytest.approx(1.5, abs=0.08),
        "reason": None,
    }
    file = File.objects.get(upload=upload)
    assert (file.owner, file.file_name, file.bytes, file.content_type) == (
        alice,
        "Grüße.mp3",
        len(content),
        "audio/mpeg",
    )


def test_asking_again_gives_the_same_answer(complete, store, alice):
    upload = put_upload(alice)

    answers = [complete(upload).json() for _time in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert File.objects.count() == 1
    assert UploadEvent.objects.filter(action="completed").count() == 1


def test_a_picture_has_no_duration(complete, local_store, alice):
    content = samples.picture()
    upload = put_upload(alice, content, scope="files", file_name="a.png", content_type="image/png")

    assert complete(upload).json()["data"]["durationSeconds"] is None


def test_before_the_put_it_is_a_conflict(complete, store, alice):
    upload = signed_upload(alice)

    assert error_of(complete(upload)) == (409, "CONFLICT")
    upload.refresh_from_db()
    assert upload.status == "pending"
    store.put(upload.key, samples.mp3(), "audio/mpeg")
    assert complete(upload).status_code == 200


def test_a_lie_is_rejected_and_deleted(complete, store, alice, django_capture_on_commit_callbacks):
    upload = put_upload(alice, samples.picture())

    with django_capture_on_commit_callbacks(execute=True):
        response = complete(upload)

    assert error_of(response) == (400, "VALIDATION_ERROR")
    assert set(response.json()["error"]["details"]) == {"upload"}
    assert store.stat(upload.key) is None
    assert File.objects.count() == 0
    assert error_of(complete(upload)) == (400, "VALIDATION_ERROR")


def test_what_is_put_again_after_a_rejection_goes_too(complete, store, alice, django_capture_on_commit_callbacks):
    upload = put_upload(alice, samples.picture())
    with django_capture_on_commit_callbacks(execute=True):
        complete(upload)
    store.put(upload.key, samples.mp3(), "audio/mpeg")

    assert error_of(complete(upload)) == (400, "VALIDATION_ERROR")
    services.delete_doomed_objects()
    assert store.stat(upload.key) is not None  # the address still works: it would only be put once more
    DoomedObject.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    services.delete_doomed_objects()

    assert store.stat(upload.key) is None
    assert not DoomedObject.objects.exists()


@pytest.mark.parametrize("content", [b"", b"x" * 2000], ids=["empty", "too large"])
def test_size_has_limits(complete, store, alice, settings, content, django_capture_on_commit_callbacks):
    settings.UPLOAD_MAX_BYTES = 1000
    upload = put_upload(alice, content)

    with django_capture_on_commit_callbacks(execute=True):
        response = complete(upload)

    assert error_of(response) == (400, "VALIDATION_ERROR")
    assert store.stat(upload.key) is None


def test_another_size_than_announced_is_rejected(complete, local_store, alice):
    assert error_of(complete(put_upload(alice, file_size=5))) == (400, "VALIDATION_ERROR")


def test_a_full_storage_takes_nothing_but_waits(complete, store, alice):
    upload = put_upload(alice)
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=100)

    assert error_of(complete(upload)) == (403, "QUOTA_EXCEEDED")
    assert store.stat(upload.key) is not None
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=None)
    assert complete(upload).status_code == 200


def test_the_quota_counts_files_of_all_scopes_with_the_bin(complete, local_store, alice):
    first = completed_upload(alice, scope="temp")
    services.delete_file(file=first.file)
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=first.bytes + 1)

    assert error_of(complete(put_upload(alice))) == (403, "QUOTA_EXCEEDED")
    services.purge_file(file=first.file)
    assert complete(put_upload(alice, samples.mp3(0.3))).status_code == 200


def test_a_storage_that_is_down_changes_nothing(complete, local_store, alice, monkeypatch):
    upload = put_upload(alice)

    def down(*_arguments):
        raise StorageError()

    for broken in ("stat", "open_file"):
        with monkeypatch.context() as patch:
            patch.setattr(type(local_store), broken, down)
            assert error_of(complete(upload)) == (503, "SERVICE_UNAVAILABLE")
    upload.refresh_from_db()
    assert upload.status == "pending"
    assert set(UploadEvent.objects.filter(action="failed").values_list("reason", flat=True)) == {"SERVICE_UNAVAILABLE"}
    assert complete(upload).status_code == 200


def test_an_s3_that_is_down_changes_nothing(complete, s3_store: ObjectStore, alice, settings, monkeypatch):
    upload = put_upload(alice)
    working = settings.S3_ENDPOINT_URL
    monkeypatch.setattr("uploads.storage.s3_client.ATTEMPTS", 1)
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"

    assert error_of(complete(upload)) == (503, "SERVICE_UNAVAILABLE")
    settings.S3_ENDPOINT_URL = working
    assert complete(upload).status_code == 200


def test_an_object_that_is_swapped_meanwhile_is_no_file(complete, local_store, alice, monkeypatch):
    upload = put_upload(alice)

    def swap(*arguments):
        found = examine(*arguments)
        local_store.put(upload.key, samples.picture(), "audio/mpeg")
        return found

    monkeypatch.setattr("uploads.services.completing.examine", swap)

    assert error_of(complete(upload)) == (409, "CONFLICT")
    assert not File.objects.exists()


def test_an_upload_can_be_asked_for(api, local_store, alice):
    client = api(alice)
    pending, done = signed_upload(alice), completed_upload(alice)

    assert client.get(url(pending, "")).json()["data"] == {
        "uploadId": str(pending.public_id),
        "fileKey": pending.key,
        "status": "pending",
        "bytes": None,
        "contentType": "audio/mpeg",
        "fileName": "tone.mp3",
        "sha256": None,
        "durationSeconds": None,
        "reason": None,
    }
    assert client.get(url(done, "")).json()["data"] == client.post(url(done)).json()["data"]


def test_why_it_was_rejected_stays_to_be_read(api, complete, local_store, alice):
    upload = put_upload(alice, samples.picture())
    message = complete(upload).json()["error"]["details"]["upload"][0]

    data = api(alice).get(url(upload, "")).json()["data"]

    assert (data["status"], data["reason"]) == ("rejected", message)


def test_a_stranger_gets_404(api, local_store, alice, charlie):
    upload = put_upload(alice)
    client = api(charlie)

    assert error_of(client.get(url(upload, ""))) == (404, "NOT_FOUND")
    assert error_of(client.post(url(upload))) == (404, "NOT_FOUND")
    assert error_of(client.post(url(upload, "/parts"), {"partNumbers": [1]}, format="json")) == (404, "NOT_FOUND")
    assert error_of(client.delete(url(upload, ""))) == (404, "NOT_FOUND")
    upload.refresh_from_db()
    assert upload.status == "pending"


def test_it_needs_credentials(api, local_store, alice):
    upload = put_upload(alice)

    assert api().get(url(upload, "")).status_code == 401
    assert api().post(url(upload)).status_code == 401
    assert api().post(url(upload, "/parts")).status_code == 401
    assert api().delete(url(upload, "")).status_code == 401


def test_a_malformed_id_is_named(api, alice):
    assert error_of(api(alice).post("/api/v1/uploads/7/complete")) == (400, "VALIDATION_ERROR")
    assert error_of(api(alice).post(f"/api/v1/uploads/{uuid.uuid4()}/complete")) == (404, "NOT_FOUND")


def test_other_methods_are_405(api, local_store, alice):
    upload = signed_upload(alice)

    assert api(alice).get(url(upload)).status_code == 405
    assert api(alice).put(url(upload, "")).status_code == 405
    assert api(alice).get(url(upload, "/parts")).status_code == 405


def test_an_upload_can_be_given_up(api, store, alice, django_capture_on_commit_callbacks):
    upload = put_upload(alice)

    with django_capture_on_commit_callbacks(execute=True):
        assert api(alice).delete(url(upload, "")).status_code == 204

    assert store.stat(upload.key) is None
    assert DoomedObject.objects.get(key=upload.key).not_before > upload.expires_at
    assert api(alice).get(url(upload, "")).status_code == 404
    assert error_of(api(alice).post(url(upload))) == (404, "NOT_FOUND")


def test_a_completed_upload_is_not_given_up(api, local_store, alice):
    upload = completed_upload(alice)

    assert error_of(api(alice).delete(url(upload, ""))) == (409, "CONFLICT")
    assert local_store.stat(upload.key) is not None
