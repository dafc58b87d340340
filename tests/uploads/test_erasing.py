"""Erasing an account with many files asks the storage nothing while somebody waits: one call to a worker does it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from accounts.erasure import erase
from tests.factories import make_file
from uploads import services
from uploads.models import DoomedObject, File, Upload
from uploads.storage import store
from uploads.storage.local import LocalStore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("local_store")]


@pytest.fixture
def keys(alice) -> set[str]:
    """The objects of an account whose files have been there for long: two files and a preview."""
    files = [make_file(owner=alice, content=b"x") for _number in range(2)]
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=2), storage_upload_id="of its parts")
    File.objects.filter(pk=files[0].pk).update(preview_key="files/preview.png")
    store().put("files/preview.png", b"x", "image/png")
    return {"files/preview.png", *Upload.objects.values_list("key", flat=True)}


def test_objects_are_noted_and_a_worker_is_called_once(alice, keys, monkeypatch):
    calls: list[str] = []
    asked: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, *_args, **_more: calls.append(name))
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "delete", lambda _store, key: asked.append(key))
        patch.setattr(LocalStore, "abort_multipart", lambda _store, key, _upload_id: asked.append(key))
        erase(account=alice)

    assert calls.count("uploads.tasks.delete_doomed_objects") == 1
    assert asked == []
    assert set(DoomedObject.objects.values_list("key", flat=True)) == keys

    services.delete_doomed_objects()
    assert [store().stat(key) for key in keys] == [None] * 3
    assert not DoomedObject.objects.exists()


def test_a_broker_that_is_down_stops_nothing(alice, keys, monkeypatch):
    def refuse(*_args, **_more):
        raise OSError

    monkeypatch.setattr(current_app, "send_task", refuse)

    erase(account=alice)

    assert DoomedObject.objects.count() == 3


def test_what_can_still_be_put_goes_at_once_and_again_later(alice, keys, monkeypatch):
    Upload.objects.update(expires_at=timezone.now(), storage_upload_id="")

    erase(account=alice)

    assert [store().stat(key) for key in keys - {"files/preview.png"}] == [None] * 2
    assert DoomedObject.objects.filter(not_before__isnull=False).count() == 2
