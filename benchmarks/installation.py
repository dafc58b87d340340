"""A MicDots of its own: a temporary folder, a database, free ports and the programs of ``make run``."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[1]


class Installation:
    """Its folder and environment, and the programs that were started in it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.database = "postgresql" if database_url else "sqlite"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "micdots.settings.local",
            "VAR_DIR": str(folder / "var"),
            "PORT": str(self.port),
            "RATE_LIMITS": "off",
            "WELCOME_TOKENS": "1000000000",
            "WORKER_CONCURRENCY": "2",
            "WEB_WORKERS": "2",
            "WEB_THREADS": "4",
            "LOG_LEVEL": "WARNING",
        }
        if database_url:
            self.environment["DATABASE_URL"] = database_url
        self._programs: list[subprocess.Popen[bytes]] = []
        self._connection: http.client.HTTPConnection | None = None
        self.token = ""

    def prepare(self) -> None:
        """Make the tables, the static files and the catalogue of voices."""
        self.manage("migrate", "--verbosity=0")
        self.manage("collectstatic", "--no-input", "--verbosity=0")
        self.manage("sync_voices", "--verbosity=0")
        # The sync has asked for a preview of every voice; making those now would be measured too.
        for message in (self.folder / "var" / "broker" / "queue").iterdir():
            message.unlink()

    def manage(self, *arguments: str) -> None:
        self.python("manage.py", *arguments)

    def python(self, *arguments: str) -> str:
        """Run Python in this installation and return what it prints."""
        result = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True, check=True
        )
        return result.stdout

    def start(self, *arguments: str, **environment: str) -> int:
        """Start a program that goes on until ``stop``; returns its process id."""
        with (self.folder / "log").open("ab") as log:
            self._programs.append(
                subprocess.Popen(
                    [sys.executable, "-m", *arguments],
                    cwd=ROOT,
                    env=self.environment | environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        return self._programs[-1].pid

    def start_micdots(self, *programs: str) -> int:
        """Start some of web, worker and beat, and wait until the web server answers; returns the first's process id."""
        pids = [self.start("micdots.run", program) for program in programs]
        wait_until(lambda: answers(self.port, "/healthz"), 60, "an answer from the web server")
        return pids[0]

    def stop(self) -> None:
        """End every program with its children."""
        for program in self._programs:
            program.terminate()
        for program in self._programs:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(timeout=15)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()
        self._programs.clear()
        self._connection = None

    def sign_up(self) -> None:
        """Make an account with as many tokens as a benchmark can spend, and use it from now on."""
        account = {"email": "bench@micdots.example", "password": "a long password for the bench"}
        self.token = self.call("POST", "/api/v1/auth/register", account)["accessToken"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API over one kept connection and return the answer's data."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if not answer["success"]:
            raise RuntimeError(f"{method} {path}: {answer['error']}")
        return answer["data"]

    def speak(self, text: str) -> str:
        """Ask for a text and return the generation's id."""
        generation: dict[str, str] = self.call("POST", "/api/v1/generations", {"text": text, "voice": "espeak:en-gb"})
        return generation["id"]

    def wait_for(self, generation_id: str, every: float = 0.02) -> dict[str, Any]:
        """Return the generation as soon as it is ready."""
        state: dict[str, Any] = {}

        def is_over() -> bool:
            state.update(self.call("GET", f"/api/v1/generations/{generation_id}"))
            return state["status"] in {"ready", "failed", "cancelled"}

        wait_until(is_over, 120, f"generation {generation_id}", every=every)
        if state["status"] != "ready":
            raise RuntimeError(f"generation {generation_id}: {state['error']}")
        return state


@contextlib.contextmanager
def installation(server_url: str = "") -> Iterator[Installation]:
    """A prepared installation, on SQLite, or on a new database of the PostgreSQL server that ``server_url`` names."""
    with tempfile.TemporaryDirectory(prefix="micdots-bench-") as folder, _database(server_url) as database_url:
        new = Installation(Path(folder), database_url)
        try:
            new.prepare()
            yield new
        finally:
            new.stop()


@contextlib.contextmanager
def _database(server_url: str) -> Iterator[str]:
    if not server_url:
        yield ""
        return
    name = f"micdots_bench_{os.getpid()}"
    parts = urlsplit(server_url)
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # our own name, nothing to escape
        try:
            yield parts._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, path: str, token: str = "") -> bool:
    """Tell whether a web server answers here, with anything but an error."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status < http.HTTPStatus.BAD_REQUEST
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_until(condition: Callable[[], object], limit: float, what: str, every: float = 0.05) -> None:
    """Return as soon as ``condition`` holds; raise when it has not within ``limit`` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {limit} s: {what}")
        time.sleep(every)
