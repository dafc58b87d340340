"""What goes by itself after a time, and an account's uploads when it is erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.utils import timezone

from accounts import erasure
from tests.uploads import samples
from tests.uploads.uploading import completed_upload, file_of, put_upload, signed_upload
from uploads import checking, services, tasks
from uploads.models import DoomedObject, File, FileShare, Upload, UploadEvent
from uploads.services import in_use
from uploads.services.completing import SLOW_PUT


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def long_ago(upload: Upload, **ago: int) -> None:
    Upload.objects.filter(pk=upload.pk).update(expires_at=timezone.now() - timedelta(**ago))


def test_what_was_never_completed_expires(store, alice, committed):
    upload, never_put = put_upload(alice), signed_upload(alice)
    long_ago(upload, hours=1, minutes=1)
    long_ago(never_put, hours=1, minutes=1)

    with committed():
        swept = services.sweep_uploads()

    assert swept.expired == 2
    upload.refresh_from_db()
    assert upload.status == "expired"
    assert store.stat(upload.key) is None
    assert list(UploadEvent.objects.filter(action="expired").values_list("upload", flat=True)) != []
    assert services.sweep_uploads().expired == 0


def test_a_put_that_is_slow_is_waited_for(local_store, alice, committed):
    upload = put_upload(alice)
    long_ago(upload, minutes=59)

    with committed():
        assert services.sweep_uploads().expired == 0

    assert services.complete_upload(upload=upload).status == "completed"
    assert timedelta(hours=1) == SLOW_PUT


def test_an_expired_upload_cannot_be_completed(api, local_store, alice, committed):
    upload = put_upload(alice)
    long_ago(upload, days=1)
    with committed():
        services.sweep_uploads()

    response = api(alice).post(f"/api/v1/uploads/{upload.public_id}/complete")

    assert (response.status_code, response.json()["error"]["code"]) == (409, "CONFLICT")
    assert api(alice).get(f"/api/v1/uploads/{upload.public_id}").json()["data"]["status"] == "expired"


def test_temporary_objects_go_after_a_day(store, alice, committed):
    file, kept = file_of(alice, scope="temp"), file_of(alice)
    for each in (file, kept):
        File.objects.filter(pk=each.pk).update(created_at=timezone.now() - timedelta(hours=24, minutes=1))

    with committed():
        assert services.sweep_uploads().temporary == 1

    assert store.stat(file.upload.key) is None
    assert store.stat(kept.upload.key) is not None
    file.refresh_from_db()
    assert file.purged_at is not None


def test_the_bin_is_emptied_after_a_month(local_store, alice, committed):
    old, young = file_of(alice, file_name="old.mp3"), file_of(alice)
    for file, days in ((old, configured.FILE_BIN_DAYS + 1), (young, configured.FILE_BIN_DAYS - 1)):
        services.delete_file(file=file)
        File.objects.filter(pk=file.pk).update(deleted_at=timezone.now() - timedelta(days=days))

    with committed():
        assert services.sweep_uploads().from_bin == 1

    assert local_store.stat(old.upload.key) is None
    assert local_store.stat(young.upload.key) is not None
    old.refresh_from_db()
    assert (old.file_name, old.upload.file_name) == ("", "")


def test_what_is_needed_is_not_purged(local_store, alice, monkeypatch):
    file = file_of(alice)
    services.delete_file(file=file)
    File.objects.update(deleted_at=timezone.now() - timedelta(days=99))
    monkeypatch.setattr(in_use, "_readers", {"test": set})

    assert services.sweep_uploads().from_bin == 0
    assert local_store.stat(file.upload.key) is not None


def test_old_lines_of_the_log_are_forgotten(local_store, alice):
    signed_upload(alice)
    UploadEvent.objects.update(at=timezone.now() - timedelta(days=configured.UPLOAD_EVENT_DAYS + 1))
    signed_upload(alice)

    assert services.sweep_uploads().events == 1
    assert UploadEvent.objects.count() == 1


def test_the_sweeper_is_asked_for_regularly(db):
    asked = {entry["task"] for entry in configured.CELERY_BEAT_SCHEDULE.values()}

    assert {"uploads.tasks.sweep_uploads", "uploads.tasks.flag_unusual_uploads"} <= asked
    tasks.sweep_uploads()
    tasks.flag_unusual_uploads()


def test_storage_and_rows_agree_at_every_stage(store, alice, committed):
    put_upload(alice)
    completed_upload(alice)
    with committed():
        services.abort_upload(upload=put_upload(alice))

    faults = checking.find_faults(store)

    assert not faults, faults


def test_an_object_that_is_gone_is_a_fault(store, alice):
    store.delete(completed_upload(alice).key)

    assert len(checking.find_faults(store).missing) == 1


def test_an_erased_account_leaves_no_object(store, alice, bob, committed):
    files = [
        file_of(alice),
        file_of(alice, samples.picture(), scope="files", file_name="a.png", content_type="image/png"),
    ]
    pending, others = put_upload(alice), file_of(bob)
    services.share_file(file=files[0], password="open sesame")

    with committed():
        erasure.erase(account=alice)

    left = list(store.keys())
    assert [info.key for info in left] == [others.upload.key]
    assert not File.objects.filter(owner=alice).exists()
    assert not Upload.objects.filter(owner=alice).exists()
    assert not FileShare.objects.exists()
    assert set(UploadEvent.objects.filter(account=alice).values_list("address", flat=True)) == {""}
    # What could still be put with the addresses that are about is deleted once more.
    assert DoomedObject.objects.filter(key=pending.key, not_before__gt=timezone.now()).exists()
