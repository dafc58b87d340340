"""Completions at the same time: one file an upload, and never more than the quota."""

from __future__ import annotations

import threading

import pytest
from django.db import close_old_connections, connections

from accounts.models import User
from micdots.lib.errors import MicDotsError
from tests.uploads import samples
from tests.uploads.uploading import put_upload
from uploads import services
from uploads.models import File, Upload, UploadEvent

pytestmark = pytest.mark.django_db(transaction=True)


def complete_at_once(uploads: list[Upload]) -> list[str]:
    """Each in a thread of its own; what became of each: ``completed`` or an error code."""
    start = threading.Barrier(len(uploads))
    answers: list[str] = []

    def run(upload: Upload) -> None:
        close_old_connections()
        try:
            start.wait()
            answers.append(services.complete_upload(upload=upload).status)
        except MicDotsError as error:
            answers.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[upload]) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_upload_becomes_one_file(local_store, alice):
    upload = put_upload(alice)

    answers = complete_at_once([Upload.objects.select_related("owner").get(pk=upload.pk) for _time in range(4)])

    assert answers == ["completed"] * 4
    assert File.objects.count() == 1
    assert UploadEvent.objects.filter(action="completed").count() == 1


def test_two_that_do_not_fit_together_do_not_both_fit(local_store, alice):
    content = samples.mp3()
    uploads = [put_upload(alice, content) for _time in range(4)]
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=2 * len(content))

    answers = complete_at_once([Upload.objects.select_related("owner").get(pk=each.pk) for each in uploads])

    assert sorted(answers) == ["QUOTA_EXCEEDED", "QUOTA_EXCEEDED", "completed", "completed"]
    assert File.objects.count() == 2
