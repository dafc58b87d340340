"""A whole MicDots of its own, web server, worker and beat as real processes, to do harm to."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

Found = TypeVar("Found")
ROOT = Path(__file__).resolve().parents[2]
# Minutes are too long for a test: what lost its worker is found again within seconds.
SHORT = {
    "GENERATION_LEASE_SECONDS": "3",
    "SWEEP_SECONDS": "1",
    "GENERATION_RETRY_SECONDS": "0.5",
    "GENERATION_QUEUE_PATIENCE_SECONDS": "5",
}


def wait_until(condition: Callable[[], Found], seconds: float, message: Callable[[], str]) -> Found:
    """What ``condition`` gives, as soon as that is something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, message()
        time.sleep(0.1)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Process:
    """One process as /proc shows it."""

    pid: int
    parent: int
    session: int
    command: str


def processes() -> Iterator[Process]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError):  # it has ended since
            # The name in parentheses may hold spaces: what follows the last of them is state, parent, group, session.
            state, parent, _group, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if state != "Z":
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield Process(int(folder.name), int(parent), int(session), command)


@dataclass
class Installation:
    """Each program leads a session of its own, by which its children are known, and only they are ever killed."""

    folder: Path
    port: int = field(default_factory=free_port)
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    sessions: set[int] = field(default_factory=set)  # of every program that was ever started
    token: str = ""
    web_workers: int = 1

    @property
    def environment(self) -> dict[str, str]:
        # What the settings for tests have put there.
        of_tests = {"RATE_LIMITS", "SITE_URL", "SPOOL_DIR", "TAKE_IN_SECONDS"}
        kept = {name: value for name, value in os.environ.items() if name not in of_tests}
        return (
            kept
            | SHORT
            | {
                "DJANGO_SETTINGS_MODULE": "micdots.settings.local",
                "VAR_DIR": str(self.folder),
                "HOST": "127.0.0.1",
                "PORT": str(self.port),
                "RATE_LIMITS": "off",
                "WELCOME_TOKENS": "10000000",
                "WORKER_CONCURRENCY": "2",
                "WEB_WORKERS": str(self.web_workers),
            }
        )

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` in this installation; gives its exit code and all that it said."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )

    def prepare(self) -> None:
        """Database and voices; the static files' folder, which nobody asks for."""
        (self.folder / "static").mkdir(parents=True, exist_ok=True)
        for command in (["migrate", "--verbosity=0"], ["sync_voices", "--verbosity=0"]):
            done = self.manage(*command)
            assert done.returncode == 0, done.stdout

    def start(self, program: str) -> None:
        """Start ``web``, ``worker`` or ``beat`` with the very command of ``make run``."""
        with (self.folder / f"{program}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "micdots.run", program],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.programs[program] = process
        self.sessions.add(process.pid)

    def start_all(self) -> None:
        for program in ("web", "worker", "beat"):
            self.start(program)
        wait_until(self._web_answers, 60, lambda: f"the web server never answered: {self.log('web')}")

    def _web_answers(self) -> bool:
        try:
            return self.call("GET", "/healthz")[0] == 200
        except requests.ConnectionError:
            return False

    def restart_dead(self) -> None:
        """What the process manager does."""
        for program, process in list(self.programs.items()):
            if process.poll() is not None:
                self.start(program)

    def log(self, program: str) -> str:
        """The end of what a program wrote."""
        path = self.folder / f"{program}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def children_of(self, program: str) -> list[Process]:
        """Every living process below a program, those that outlived their parent included."""
        leader = self.programs[program].pid
        return [found for found in processes() if found.session == leader and found.pid != leader]

    def makers(self) -> list[int]:
        """The worker's processes that make generations; not what these have started in turn."""
        leader = self.programs["worker"].pid
        return sorted(child.pid for child in self.children_of("worker") if child.parent == leader)

    def speech_children(self) -> list[Process]:
        """The processes that speak, of any worker that was ever started here."""
        return [found for found in processes() if found.session in self.sessions and "espeak_child" in found.command]

    def kill(self, victim: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it ended of its own accord just now
            os.kill(victim, signal.SIGKILL)

    def kill_worker(self) -> None:
        """The worker and everything below it at once, as when a machine loses its power."""
        leader = self.programs["worker"].pid
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)
        self.programs["worker"].wait()

    def kill_worker_alone(self) -> None:
        """The worker's first process only: its children find themselves alone."""
        self.kill(self.programs["worker"].pid)
        self.programs["worker"].wait()

    def kill_one_making_process(self, chance: random.Random) -> None:
        """One of the worker's processes that make generations."""
        if makers := self.makers():
            self.kill(chance.choice(makers))

    def kill_speech_child(self, chance: random.Random) -> None:
        """One process that is speaking, if there is one just now."""
        if speaking := self.speech_children():
            self.kill(chance.choice(speaking).pid)

    def stop(self) -> None:
        """End every process of every program that was started here."""
        for process in self.programs.values():
            if process.poll() is None:
                process.terminate()
        for process in self.programs.values():
            try:
                process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for left in [found for found in processes() if found.session in self.sessions]:
            self.kill(left.pid)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One call of the API or of a page; gives status and JSON."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        response = requests.request(
            method, f"http://127.0.0.1:{self.port}{path}", json=body, headers=headers, timeout=30
        )
        return response.status_code, response.json()

    def sign_up(self) -> None:
        """A new account, whose token goes with every call from here on."""
        status, answer = self.call(
            "POST", "/api/v1/auth/register", {"email": "crash@example.org", "password": "tall-grass-sings-42"}
        )
        assert status == 201, answer
        self.token = answer["data"]["accessToken"]

    def generations(self) -> list[dict[str, Any]]:
        """Every generation of the account, as the API shows it."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            status, answer = self.call("GET", f"/api/v1/generations?limit=100{cursor}")
            assert status == 200, answer
            found += answer["data"]
            if not answer["meta"]["nextCursor"]:
                return found
            cursor = f"&cursor={answer['meta']['nextCursor']}"
