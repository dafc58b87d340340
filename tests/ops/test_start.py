"""What keeps `make run` from starting gets one sentence that says what to do, and an exit status."""

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.installation import ROOT, free_port
from tests.ops.processes import environment

SENTENCE = "MicDots cannot start: "


def start(var_dir: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "micdots.run"],
        cwd=ROOT,
        env=environment(var_dir, **more),
        capture_output=True,
        text=True,
        timeout=60,
    )


def assert_one_sentence(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(SENTENCE)
    assert result.stderr.count("\n") == 1
    for part in parts:
        assert part in result.stderr


def test_a_taken_port(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = start(tmp_path / "var", PORT=str(port))

    assert_one_sentence(result, f"port {port} is taken", "make run PORT=")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_a_host_on_which_nothing_can_listen(tmp_path, host):
    assert_one_sentence(start(tmp_path / "var", HOST=host, PORT=str(free_port())), host, "HOST=")


@pytest.mark.parametrize("port", ["70000", "ninety"])
def test_a_port_that_is_none(tmp_path, port):
    assert_one_sentence(start(tmp_path / "var", PORT=port), port)


def test_a_folder_that_cannot_be_written_to(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    assert_one_sentence(start(in_the_way / "var", PORT=str(free_port())), str(in_the_way), "VAR_DIR=")


def test_a_folder_that_another_copy_uses(tmp_path):
    var_dir = tmp_path / "var"
    var_dir.mkdir()
    with (var_dir / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        result = start(var_dir, PORT=str(free_port()))

    assert_one_sentence(result, "another MicDots already runs", str(var_dir))


def test_a_database_that_does_not_answer(tmp_path):
    url = f"postgres://micdots@127.0.0.1:{free_port()}/micdots"

    result = start(tmp_path / "var", PORT=str(free_port()), DATABASE_URL=url)

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(SENTENCE + "the database does not answer")
    assert "Traceback" not in result.stderr


def run_make_venv(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Run `bin/make-venv` with a stand-in for Python that is this shell script."""
    stand_in = folder / "python"
    stand_in.write_text(f"#!/bin/sh\n{python}\n")
    stand_in.chmod(0o755)
    return subprocess.run(
        [ROOT / "bin" / "make-venv", folder / ".venv"],
        env=os.environ | {"PYTHON": str(stand_in)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_no_python_or_one_that_is_too_old(tmp_path):
    result = run_make_venv(tmp_path, "exit 1")

    assert_one_sentence(result, "needs Python 3.11 or newer", "PYTHON=")


def test_a_python_without_venv(tmp_path):
    result = run_make_venv(tmp_path, 'case "$2" in *ensurepip*) exit 1;; esac')

    assert_one_sentence(result, "no venv module", "python3-venv")
    assert not (tmp_path / ".venv").exists()
