"""The storage as a part of the readiness of the whole."""

import os

from micdots.lib.health import run_health_checks


def storage_is_up() -> bool:
    (found,) = (found for found in run_health_checks() if found.name == "storage")
    return found.is_up


def test_a_healthy_storage_is_up(store, db):
    assert storage_is_up()


def test_a_folder_that_cannot_be_written_is_down(local_store, settings, db):
    settings.MEDIA_DIR.parent.mkdir(exist_ok=True)
    settings.MEDIA_DIR.write_text("in the way")

    assert not storage_is_up()


def test_a_nearly_full_disk_is_down(local_store, db, monkeypatch):
    nearly_full = type(os.statvfs("/"))((4096, 4096, 10**6, 100, 100, 1, 1, 1, 0, 255, 1))
    monkeypatch.setattr(os, "statvfs", lambda _path: nearly_full)

    assert not storage_is_up()


def test_a_bucket_that_is_gone_is_down(s3_store, settings, db):
    settings.S3_BUCKET = "another-bucket"

    assert not storage_is_up()
