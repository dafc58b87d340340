#!/usr/bin/env python3
"""What somebody does who has just cloned MicDots: `make run`, sign in, speak, listen, Ctrl-C, and start it again.

The clone is made from the last commit, in an empty folder, and gets its own virtual environment.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
FIRST_START_SECONDS, SECOND_START_SECONDS = 420, 40  # generous: the first installs everything


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="micdots-smoke-") as folder:
        clone = Path(folder) / "micdots"
        subprocess.run(["git", "clone", "--quiet", str(HERE), str(clone)], check=True)
        var_dir = Path(folder) / "var"
        with running(clone, var_dir, FIRST_START_SECONDS) as site:
            dot = make_a_dot(site)
            listen(site, dot)
        assert_nothing_runs(var_dir)
        with running(clone, var_dir, SECOND_START_SECONDS) as site:
            listen(site, dot)
            refuse_a_second_copy(clone, var_dir)
        assert_nothing_runs(var_dir)
    say("smoke test passed")


class Site:
    """A running MicDots: its address, and what it printed to sign in with."""

    def __init__(self, address: str, lines: list[str]) -> None:
        self.address = address
        text = "\n".join(lines)
        found = re.search(r"e-mail (\S+) and the password (\S+)", text)
        assert found, f"no e-mail and password in:\n{text}"
        self.email, self.password = found.groups()

    def call(self, method: str, path: str, body: object = None, token: str = "") -> object:
        """Call the API and return the answer's data."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}/api/v1/{path}", data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["data"]

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=30) as response:
            return response.read()


@contextlib.contextmanager
def running(clone: Path, var_dir: Path, seconds: float) -> Iterator[Site]:
    """`make run` on a free port; ended as Ctrl-C in a terminal does it, by SIGINT to the whole group."""
    port = free_port()
    started = time.monotonic()
    make = subprocess.Popen(
        ["make", "run", f"PORT={port}", f"VAR_DIR={var_dir}"],
        cwd=clone,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: list[str] = []
    threading.Thread(target=lambda: lines.extend(map(echo, make.stdout)), daemon=True).start()
    try:
        wait_until(
            lambda: any("Ctrl-C stops it" in line for line in lines) or make.poll() is not None, seconds, "the welcome"
        )
        assert make.poll() is None, "make run ended by itself"
        say(f"started in {time.monotonic() - started:.0f} s")
        yield Site(f"http://127.0.0.1:{port}", lines)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(make.pid, signal.SIGINT)
        try:
            make.wait(timeout=40)
        except subprocess.TimeoutExpired:
            os.killpg(make.pid, signal.SIGKILL)
            raise


def make_a_dot(site: Site) -> dict:
    session = site.call("POST", "auth/login", {"email": site.email, "password": site.password})
    token = session["accessToken"]
    generation = site.call(
        "POST", "generations", {"text": "Good morning. The lift is on your left.", "voice": "espeak:en-gb"}, token
    )
    state = {}

    def is_over() -> bool:
        state.update(site.call("GET", f"generations/{generation['id']}", token=token))
        return state["status"] in {"ready", "failed", "cancelled"}

    wait_until(is_over, 60, "the generation")
    assert state["status"] == "ready", state
    assert site.get(state["qr"]["pngUrl"].removeprefix(site.address)).startswith(b"\x89PNG")
    return site.call("GET", f"dots/{generation['dotId']}", token=token)


def listen(site: Site, dot: dict) -> None:
    """Open the play page and its audio, as a phone does that has scanned the code."""
    assert "The lift is on your left" in site.get(f"/q/{dot['code']}").decode()
    audio = site.get(f"/d/{dot['code']}/audio.mp3")
    assert len(audio) > 10_000, f"the audio has {len(audio)} bytes"


def refuse_a_second_copy(clone: Path, var_dir: Path) -> None:
    result = subprocess.run(
        ["make", "run", f"PORT={free_port()}", f"VAR_DIR={var_dir}"],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode != 0, result
    assert "another MicDots already runs" in result.stderr, result


def assert_nothing_runs(var_dir: Path) -> None:
    """No process may be left that was started with this VAR_DIR."""
    mark = f"VAR_DIR={var_dir}".encode()

    def left() -> list[str]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if mark in (entry / "environ").read_bytes():
                        found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found

    wait_until(lambda: not left(), 10, f"the end of {left()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def echo(line: str) -> str:
    # The password of a throw-away account, but logs are copied around.
    sys.stdout.write("    " + re.sub(r"(the password ).*", r"\1…", line))
    sys.stdout.flush()
    return line


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    if not shutil.which("make"):
        sys.exit("the smoke test needs make")
    main()
