"""The local storage behind the real web server: large objects in little memory, ranges, and hanging up half-way."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings

from uploads.storage import new_key
from uploads.storage.local import LocalStore

LARGE = 256 * 1024 * 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def memory_of(process_id: int) -> int:
    """Resident bytes of a process and its children."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    status = Path(f"/proc/{process_id}/status").read_text()
    resident = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert resident
    return int(resident[1]) * 1024 + sum(memory_of(int(child)) for child in children)


def open_files_of(process_id: int, name: str) -> int:
    """How many descriptors of a process and its children lead to files of this name."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    links = []
    for link in Path(f"/proc/{process_id}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed while we looked
            links.append(os.readlink(link))
    return sum(link.endswith(name) for link in links) + sum(open_files_of(int(child), name) for child in children)


def wait_until(condition, message: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.05)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[tuple[subprocess.Popen[bytes], LocalStore]]:
    """The project under granian with a storage of its own, and the store that signs for it."""
    folder = tmp_path_factory.mktemp("var")
    port = free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "micdots.settings.local",
        "VAR_DIR": str(folder),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "S3_BUCKET": "",
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "micdots.wsgi:application"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=django_settings.BASE_DIR,
            env=environment,
            stderr=log,
            stdout=log,
        )

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    try:
        wait_until(answers, "the web server never listened")
        yield process, LocalStore(folder=folder / "media", site_url=f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def ask(url: str, method: str = "GET", **headers: str) -> Iterator[http.client.HTTPResponse]:
    """The answer, not read yet; leaving the block hangs up."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
        connection.request(method, f"{parts.path}?{parts.query}", headers=headers)
        with connection.getresponse() as response:
            yield response


def test_an_object_of_any_size_is_sent_in_little_memory(server):
    process, store = server
    key = new_key("audio", "mp3")
    store.put(key, b"x", "audio/mpeg")
    with ask(store.url(key, 600)) as response:
        response.read()  # the first answer loads what every later one shares
    with (store._folder / key).open("r+b") as file:
        file.truncate(LARGE)
    before, most, received = memory_of(process.pid), 0, 0

    with ask(store.url(key, 600)) as response:
        assert int(response.headers["Content-Length"]) == LARGE
        while chunk := response.read(1024 * 1024):
            received += len(chunk)
            if received % (32 * 1024 * 1024) == 0:
                most = max(most, memory_of(process.pid))

    assert received == LARGE
    assert most - before < 30 * 1024 * 1024


def test_a_player_can_jump(server):
    _process, store = server
    key = new_key("audio", "mp3")
    store.put(key, bytes(range(256)) * 4096, "audio/mpeg")
    url = store.url(key, 600)

    with ask(url, Range="bytes=256000-256009") as response:
        assert (response.status, response.read()) == (206, bytes(range(10)))
        assert response.headers["Content-Range"] == "bytes 256000-256009/1048576"
    with ask(url, "HEAD") as response:
        assert (response.status, response.read()) == (200, b"")
        assert response.headers["Content-Length"] == "1048576"
    with ask(url.replace("signature=", "signature=0")) as response:
        assert response.status == 403


def test_a_listener_who_hangs_up_leaves_no_open_file(server):
    process, store = server
    key = new_key("audio", "mp3")
    store.put(key, b"x", "audio/mpeg")
    with (store._folder / key).open("r+b") as file:
        file.truncate(LARGE)

    for _listener in range(5):
        with ask(store.url(key, 600)) as response:
            assert len(response.read(100_000)) == 100_000

    name = key.rpartition("/")[2]
    wait_until(lambda: open_files_of(process.pid, name) == 0, "files stayed open")
