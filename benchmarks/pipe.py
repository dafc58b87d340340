"""The floor of the speech rows: the two programs that anybody would put together, reading a file and writing an MP3."""

import shutil
import subprocess
import sys
import time
from pathlib import Path


def require() -> None:
    """Leave with a sentence when one of the programs is missing."""
    if missing := [program for program in ("espeak-ng", "lame") if not shutil.which(program)]:
        sys.exit(f"make bench needs {' and '.join(missing)}: apt-get install espeak-ng lame")


def start(text: str, folder: Path, name: str) -> subprocess.Popen[bytes]:
    """Start ``espeak-ng --stdout | lame -b 128`` on a text; both have ended when the returned process has."""
    source, target = folder / f"{name}.txt", folder / f"{name}.mp3"
    source.write_text(text)
    # pipefail: a voice that failed would otherwise look like a fast one.
    return subprocess.Popen(
        [
            "bash",
            "-o",
            "pipefail",
            "-c",
            'espeak-ng -v en-gb -f "$0" --stdout | lame --quiet -b 128 - "$1"',
            source,
            target,
        ]
    )


def seconds(text: str, folder: Path, name: str) -> float:
    """Return how long the pipe takes for a text."""
    begin = time.perf_counter()
    finish(start(text, folder, name))
    return time.perf_counter() - begin


def seconds_for_all(texts: list[str], folder: Path, at_once: int) -> float:
    """Return how long the pipe takes for all texts, so many of them at a time."""
    begin = time.perf_counter()
    waiting = list(enumerate(texts))
    running: list[subprocess.Popen[bytes]] = []
    while waiting or running:
        while waiting and len(running) < at_once:
            number, text = waiting.pop(0)
            running.append(start(text, folder, f"all-{number}"))
        for process in [process for process in running if process.poll() is not None]:
            finish(process)
            running.remove(process)
        time.sleep(0.002)
    return time.perf_counter() - begin


def finish(process: subprocess.Popen[bytes]) -> None:
    if status := process.wait():
        raise RuntimeError(f"espeak-ng | lame ended with status {status}")
