"""Viruses are looked for where a clamd is configured, by its own protocol."""

from __future__ import annotations

import io
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.uploads import samples
from tests.uploads.uploading import put_upload
from uploads import clamd, services
from uploads.exceptions import Rejected

# The harmless file that every scanner takes for a virus (eicar.org), put together so that this one is not taken for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Scanner(threading.Thread):
    """A server that speaks INSTREAM and finds EICAR."""

    def __init__(self, *, answer: bytes | None = None, most: int = 10**9) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.answer, self.most = answer, most
        self.received: list[bytes] = []

    def run(self) -> None:
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            with connection:
                self.serve(connection.makefile("rwb"))

    def serve(self, stream) -> None:
        command = stream.read(10)
        assert command == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!I", stream.read(4))[0]:
            content += stream.read(length)
            if len(content) > self.most:
                stream.write(b"INSTREAM size limit exceeded. ERROR\0")
                stream.flush()
                return
        self.received.append(content)
        found = b"stream: Eicar-Signature FOUND" if EICAR in content else b"stream: OK"
        stream.write((self.answer if self.answer is not None else found) + b"\0")
        stream.flush()


@pytest.fixture
def scanner(settings) -> Iterator[Scanner]:
    made = Scanner()
    made.start()
    settings.CLAMD_URL = made.url
    yield made
    made.listener.close()


def test_a_virus_is_found_by_name(scanner):
    assert clamd.scan(io.BytesIO(b"harmless" * 100_000)) is None
    assert clamd.scan(io.BytesIO(EICAR)) == "Eicar-Signature"
    assert scanner.received[0] == b"harmless" * 100_000


def test_an_upload_with_a_virus_is_rejected_and_deleted(scanner, store, alice, django_capture_on_commit_callbacks):
    upload = put_upload(alice, EICAR, scope="files", file_name="a.txt", content_type="text/plain")

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(Rejected) as caught:
        services.complete_upload(upload=upload)

    assert "virus" in caught.value.reason
    assert store.stat(upload.key) is None


def test_what_is_clean_is_taken(scanner, store, alice):
    content = samples.mp3()
    assert services.complete_upload(upload=put_upload(alice, content)).is_completed
    assert scanner.received == [content]


@pytest.mark.parametrize("answer", [b"stream: something ERROR", b"", b"nonsense"])
def test_a_scanner_that_cannot_scan_lets_nothing_through(settings, local_store, alice, answer):
    scanner = Scanner(answer=answer)
    scanner.start()
    settings.CLAMD_URL = scanner.url
    upload = put_upload(alice)

    with pytest.raises(clamd.ScannerUnavailable):
        services.complete_upload(upload=upload)

    scanner.listener.close()
    upload.refresh_from_db()
    assert upload.status == "pending"
    assert local_store.stat(upload.key) is not None


def test_a_scanner_whose_limit_is_smaller_lets_nothing_through(settings):
    scanner = Scanner(most=1000)
    scanner.start()
    settings.CLAMD_URL = scanner.url

    with pytest.raises(clamd.ScannerUnavailable):
        clamd.scan(io.BytesIO(bytes(5_000_000)))
    scanner.listener.close()


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:9", "unix:///nowhere/clamd.ctl", "nonsense"])
def test_a_scanner_that_is_not_there_is_service_unavailable(api, settings, local_store, alice, url):
    upload = put_upload(alice)
    settings.CLAMD_URL = url

    response = api(alice).post(f"/api/v1/uploads/{upload.public_id}/complete")

    assert (response.status_code, response.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")


def test_a_scanner_that_is_silent_is_given_up(settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.CLAMD_URL = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        settings.CLAMD_TIMEOUT_SECONDS = 0.2

        with pytest.raises(clamd.ScannerUnavailable):
            clamd.scan(io.BytesIO(b"x"))


@pytest.fixture
def daemon(tmp_path: Path, settings) -> Iterator[None]:
    """The real clamd, with a database of one signature."""
    program = shutil.which("clamd")
    if program is None:
        pytest.skip("clamd is not installed (package clamav-daemon)")
    database = tmp_path / "database"
    database.mkdir()
    # Name, any type of file, at the very start, in hexadecimal: see the manual on signatures, section .ndb.
    (database / "test.ndb").write_text(f"Test.Eicar:0:0:{EICAR.hex()}\n")
    path = tmp_path / "clamd.ctl"
    (tmp_path / "clamd.conf").write_text(
        f"LocalSocket {path}\nDatabaseDirectory {database}\nForeground yes\nUser root\nStreamMaxLength 200M\n"
        f"LogFile {tmp_path / 'log'}\nPidFile {tmp_path / 'pid'}\n"
    )
    process = subprocess.Popen([program, "--config-file", str(tmp_path / "clamd.conf")], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not path.exists():
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, "clamd never listened"
            time.sleep(0.1)
        settings.CLAMD_URL = f"unix://{path}"
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.services
def test_the_real_daemon_finds_it(daemon, local_store, alice):
    assert clamd.scan(io.BytesIO(EICAR)) is not None
    assert services.complete_upload(upload=put_upload(alice)).is_completed
