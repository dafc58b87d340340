"""A program that keeps running, and what is below it. Linux only, as are the servers that MicDots runs on."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.crash.installation import ROOT, Process, processes


def below(pid: int) -> list[Process]:
    """Every living process below ``pid``, parents before their children."""
    children: dict[int, list[Process]] = {}
    for found in processes():
        children.setdefault(found.parent, []).append(found)
    result: list[Process] = []
    waiting = [pid]
    while waiting:
        next_ones = sorted(children.get(waiting.pop(0), []), key=lambda process: process.pid)
        result += next_ones
        waiting += [process.pid for process in next_ones]
    return result


def environment(var_dir: Path, **more: str) -> dict[str, str]:
    """What a person's shell would pass on, and the variables of one copy of MicDots."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"VAR_DIR": str(var_dir), "WEB_WORKERS": "2", "WORKER_CONCURRENCY": "2"} | more


class Program:
    """A program that keeps running, with what it prints."""

    def __init__(self, *arguments: str, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.pid = self.process.pid
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._seen: dict[int, str] = {}

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(line.rstrip("\n") for line in self.process.stdout)

    def running(self, word: str = "") -> list[int]:
        """The processes below this one whose command line holds ``word``; all are remembered for ``left()``."""
        now = below(self.pid)
        self._seen |= {process.pid: process.command for process in now}
        return [process.pid for process in now if word in process.command]

    def left(self) -> list[str]:
        """What still runs of all the processes that were seen below this one."""
        return [found.command for found in processes() if self._seen.get(found.pid) == found.command]

    def said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def stop(self, number: int, *, seconds: float = 30) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        self.running()
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout=seconds)
        self._reader.join(timeout=5)
        assert self.process.stdout
        self.process.stdout.close()
        return status
