"""What only the local store has to stand: full disks, killed processes, folders that are files."""

import io
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from uploads.exceptions import StorageError
from uploads.storage import new_key
from uploads.storage.local import LocalStore


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def full_disk():
    """Every file that is written from here on ends at 64 KiB, with an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing_half_written(local_store, settings, full_disk):
    with pytest.raises(StorageError) as caught:
        local_store.put(new_key("audio", "mp3"), os.urandom(100_000), "audio/mpeg")

    assert not caught.value.permanent
    assert files_below(settings.MEDIA_DIR) == []


def test_a_full_disk_leaves_the_old_object_as_it_was(local_store, full_disk):
    key = new_key("audio", "mp3")
    local_store.put(key, b"the old one", "audio/mpeg")

    with pytest.raises(StorageError):
        local_store.put(key, os.urandom(100_000), "audio/mpeg")

    with local_store.open(key) as stream:
        assert stream.read() == b"the old one"


def test_a_source_that_breaks_leaves_nothing(local_store, settings):
    class Breaks(io.BytesIO):
        def read(self, _size=-1):
            raise KeyError("the source broke")

    with pytest.raises(KeyError):
        local_store.put(new_key("audio", "mp3"), Breaks(), "audio/mpeg")

    assert files_below(settings.MEDIA_DIR) == []


def test_a_folder_that_is_a_file_is_an_error_that_stays(tmp_path):
    (tmp_path / "media").write_text("in the way")
    blocked = LocalStore(folder=tmp_path / "media", site_url="http://testserver")

    for call in (lambda: blocked.put(new_key("audio", "mp3"), b"x", "audio/mpeg"), blocked.check):
        with pytest.raises(StorageError) as caught:
            call()
        assert type(caught.value) is StorageError
        assert caught.value.permanent


def test_a_part_of_a_key_is_not_an_object(local_store):
    key = new_key("audio", "mp3")
    local_store.put(key, b"x", "audio/mpeg")

    assert local_store.stat(key.rpartition("/")[0]) is None
    assert local_store.stat(f"{key}/deeper") is None


_WRITER = """
import sys
from pathlib import Path
from uploads.storage.local import LocalStore
LocalStore(folder=Path(sys.argv[1]), site_url="http://testserver").put(sys.argv[2], sys.stdin.buffer, "audio/mpeg")
"""


def test_a_killed_writer_leaves_no_object_and_its_draft_is_swept(local_store, settings):
    key = new_key("audio", "mp3")
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(settings.MEDIA_DIR), key],
        stdin=subprocess.PIPE,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "micdots.settings.test"},
        cwd=settings.BASE_DIR,
    )
    writer.stdin.write(os.urandom(2_000_000))
    writer.stdin.flush()
    deadline = time.monotonic() + 30
    while not any(path.stat().st_size for path in files_below(settings.MEDIA_DIR)):
        assert time.monotonic() < deadline, "the writer never began"
        time.sleep(0.02)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdin.close()

    assert local_store.stat(key) is None
    assert list(local_store.keys()) == []
    assert local_store.remove_unfinished(older_than_seconds=3600) == 0
    assert local_store.remove_unfinished(older_than_seconds=-1) == 1
    assert files_below(settings.MEDIA_DIR) == []


def test_sweeping_a_store_that_was_never_used_does_nothing(local_store):
    assert local_store.remove_unfinished(older_than_seconds=0) == 0
