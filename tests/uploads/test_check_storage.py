"""``manage.py check_storage`` over both stores."""

import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from uploads import checking, ownership, services
from uploads.models import DoomedObject
from uploads.ownership import OwnedObject
from uploads.storage import new_key, s3_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(monkeypatch):
    """What the test's own rows say they own; the rows of the apps are empty."""
    owned: list = []
    monkeypatch.setitem(ownership._readers, "tests", lambda: owned)
    return owned


@pytest.fixture
def storage_down(settings, monkeypatch):
    """Call it, and from then on the configured storage is an S3 server that is not there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(s3_client, "ATTEMPTS", 1)

    def go_down():
        settings.S3_BUCKET, settings.S3_ENDPOINT_URL = "b", "http://127.0.0.1:9"

    return go_down


def stored(store, size=10):
    key = new_key("temp", "mp3")
    store.put(key, b"x" * size, "audio/mpeg")
    return key


def run(*arguments) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_storage", *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_an_empty_installation_is_in_order(store):
    assert run() == (0, "Storage and rows agree: 0 objects, each with its row.\n")


def test_objects_with_their_rows_are_in_order(store, rows):
    rows += [OwnedObject(stored(store), 10), OwnedObject(stored(store)), (stored(store), 10, True)]

    assert run() == (0, "Storage and rows agree: 3 objects, each with its row.\n")


def test_an_object_without_a_row_is_found(store, rows):
    key = stored(store)

    assert run() == (1, f"no row: {key}, 10 bytes\n")


def test_a_row_without_its_object_is_found(store, rows):
    key = new_key("temp", "mp3")
    rows.append(OwnedObject(key, 10))

    assert run() == (1, f"no object: {key}, of tests\n")


def test_a_reserved_key_may_have_its_object_or_not(store, rows):
    rows += [OwnedObject(new_key("temp", "mp3"), is_written=False), OwnedObject(stored(store), is_written=False)]

    assert run()[0] == 0


def test_an_empty_key_stands_for_no_object(store, rows):
    rows.append(OwnedObject(""))

    assert run()[0] == 0


def test_a_size_that_differs_is_found(store, rows):
    key = stored(store)
    rows.append(OwnedObject(key, 11))

    assert run() == (1, f"size differs: {key}, of tests, is 10 bytes and should be 11\n")


def test_an_object_of_two_rows_is_found(store, rows):
    key = stored(store)
    rows += [OwnedObject(key), OwnedObject(key)]

    assert run() == (1, f"several rows: {key}\n")


def test_an_object_that_waits_to_be_deleted_is_no_fault(store, rows):
    DoomedObject.objects.create(key=stored(store))
    DoomedObject.objects.create(key=new_key("temp", "mp3"))

    assert run()[0] == 0


def test_what_is_deleted_while_the_check_runs_is_no_fault(store, monkeypatch):
    key = stored(store)

    def rows_read_late():
        store.delete(key)
        return iter(())

    monkeypatch.setitem(ownership._readers, "tests", rows_read_late)

    assert run()[0] == 0


def test_repair_only_says_what_it_would_do(store, rows):
    key = stored(store)

    code, said = run("--repair")

    assert code == 1
    assert "Nothing was changed" in said
    assert store.stat(key) is not None


def test_repair_leaves_young_orphans_alone(store, rows):
    key = stored(store)

    code, said = run("--repair", "--apply")

    assert code == 1
    assert "Left alone, younger than an hour: 1." in said
    assert store.stat(key) is not None


def test_repair_deletes_old_orphans_and_nothing_else(local_store, settings, rows):
    orphan, owned = stored(local_store), stored(local_store)
    rows.append(OwnedObject(owned))
    os.utime(settings.MEDIA_DIR / orphan, (0, 0))

    code, said = run("--repair", "--apply")

    assert (code, local_store.stat(orphan)) == (0, None)
    assert "Deleted: 1." in said
    assert local_store.stat(owned) is not None


def test_orphans_of_any_age_can_be_deleted_by_program(store):
    key = stored(store)

    deleted = checking.delete_orphans(store, list(store.keys("")), older_than=timedelta(seconds=-60))

    assert deleted == [key]
    assert store.stat(key) is None


def test_apply_alone_is_refused(local_store):
    with pytest.raises(CommandError, match="--repair"):
        run("--apply")


def test_a_storage_that_is_down_ends_with_2(storage_down):
    storage_down()

    with pytest.raises(CommandError) as caught:
        run()

    assert caught.value.returncode == 2


def test_doomed_objects_are_deleted_once_the_transaction_is_over(store, django_capture_on_commit_callbacks):
    key = stored(store)

    with django_capture_on_commit_callbacks(execute=True):
        services.delete_objects_later([key, ""])
        assert DoomedObject.objects.filter(key=key).exists()
        assert store.stat(key) is not None

    assert store.stat(key) is None
    assert not DoomedObject.objects.exists()


def test_a_storage_that_is_down_keeps_the_doomed_for_later(local_store, settings, storage_down):
    key = stored(local_store)
    DoomedObject.objects.create(key=key)
    storage_down()
    assert services.delete_doomed_objects() == 0
    assert DoomedObject.objects.exists()

    settings.S3_BUCKET = ""

    assert services.delete_doomed_objects() == 1
    assert local_store.stat(key) is None
