"""``kill -9`` of a web process under load: no counted scan, play or completion is lost, and none counts twice.

``make test-load`` runs it for a minute over 1,000 dots; ``LOAD_SECONDS`` and ``LOAD_DOTS`` change that.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.installation import ROOT, Installation, wait_until
from tests.crash.listeners import TOLD, Crowd

pytestmark = pytest.mark.crash

SECONDS = float(os.environ.get("LOAD_SECONDS", "8"))
DOTS = int(os.environ.get("LOAD_DOTS", "40"))

MAKE_DOTS = """
from tests.factories import make_user
from tests.plays.dots import make_live_dot
owner = make_user(email="crowd@example.org")
print(json.dumps([make_live_dot(owner=owner, title=f"Dot {number}").code for number in range(int(sys.argv[1]))]))
"""
COUNT = """
from django.db.models import Sum
from generations.models import Dot
from plays.models import DayFigures, Event
sums = {"s": Sum("scans"), "p": Sum("plays"), "c": Sum("completions"), "h": Sum("heard_ms")}
rows = DayFigures.objects.values("dot__code").annotate(**sums)
of_days = {row["dot__code"]: row for row in rows}
print(json.dumps({
    "dots": {
        dot.code: {
            "totals": [dot.scans_count, dot.plays_count],
            "days": [of_days.get(dot.code, {}).get(name) or 0 for name in "spch"],
        }
        for dot in Dot.objects.all()
    },
    "events": Event.objects.count(),
    "ids": Event.objects.values("event_id").distinct().count(),
}))
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path / "var", web_workers=2)
    try:
        found.prepare()
        collected = found.manage("collectstatic", "--no-input", "--verbosity=0")
        assert collected.returncode == 0, collected.stdout
        yield found
    finally:
        found.stop()


def ask(installation: Installation, code: str, *arguments: str) -> Any:
    """Run some Python in the installation; gives what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys, django; django.setup()\n{code}", *arguments],
        cwd=ROOT,
        env=installation.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def keep_copies(spool: Path, copies: Path, ending: threading.Event) -> None:
    """A second name for every segment, so that its lines are still there when it was taken in and removed."""
    copies.mkdir()
    while not ending.wait(0.05):
        for path in spool.glob("*.spool"):
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                os.link(path, copies / path.name)


def web_processes(installation: Installation) -> list[int]:
    leader = installation.programs["web"].pid
    return [child.pid for child in installation.children_of("web") if child.parent == leader]


def test_a_web_process_killed_under_load_loses_nothing_and_counts_nothing_twice(installation, tmp_path):
    codes = ask(installation, MAKE_DOTS, str(DOTS))
    installation.start("web")
    wait_until(installation._web_answers, 60, lambda: f"the web server never answered: {installation.log('web')}")
    spool, copies, ending = installation.folder / "spool", tmp_path / "copies", threading.Event()
    copying = threading.Thread(target=keep_copies, args=(spool, copies, ending))
    copying.start()
    crowd = Crowd(installation.port, codes)

    crowd.start()
    time.sleep(SECONDS / 2)
    before = web_processes(installation)
    assert len(before) == 2, before
    installation.kill(before[0])
    time.sleep(SECONDS / 2)
    crowd.stop()
    ended = time.monotonic()

    def counted() -> dict[str, Any] | None:
        found: dict[str, Any] = ask(installation, COUNT)
        answered = sum(crowd.answered.values())
        return found if found["events"] >= answered else None

    figures = wait_until(counted, 60, lambda: f"the spool was never taken in: {installation.log('web')}")
    took = time.monotonic() - ended
    time.sleep(2)  # anything that would still be counted, and counted too often
    figures = ask(installation, COUNT)
    ending.set()
    copying.join()

    answered, unknown = sum(crowd.answered.values()), sum(crowd.unknown.values())
    story = (
        f"{answered} answered, {unknown} unknown, {figures['events']} counted {took:.1f} s after the last of them, "
        f"{dict(crowd.refused)} refused"
    )
    sys.stdout.write(f"{story}\n")  # to be seen with -s
    story += f", log: {installation.log('web')}"
    assert not crowd.refused, story
    assert answered > 100, story
    assert sum(crowd.answered[code, "complete"] for code in codes) > 10, story
    assert figures["ids"] == figures["events"], story
    assert set(web_processes(installation)) != set(before), "the killed process was not started again"
    for code, row in figures["dots"].items():
        assert row["totals"] == row["days"][:2], f"{code} {row} {story}"
        *counts, heard_ms = row["days"]
        for kind, count in zip(("scan", "play", "complete"), counts, strict=True):
            least = crowd.answered[code, kind]
            assert least <= count <= least + crowd.unknown[code, kind], f"{kind} of {code}: {count}, {least}; {story}"
        kinds = ("progress", "complete")
        least, most = (
            sum((crowd.answered[code, kind] + more[code, kind]) * round(TOLD[kind]["heard"] * 1000) for kind in kinds)
            for more in (Counter(), crowd.unknown)
        )
        assert least <= heard_ms <= most, f"heard of {code}: {heard_ms}, {least} to {most}; {story}"

    # The same lines once more, under other names, as if positions and files had been lost.
    lines = 0
    for number, path in enumerate(sorted(copies.glob("*.spool"))):
        lines += path.read_bytes().count(b"\n")
        shutil.copy(path, spool / f"again-{number}.spool")
    assert lines >= answered, story
    wait_until(lambda: not list(spool.glob("again-*")), 60, lambda: f"never taken in again: {installation.log('web')}")

    assert ask(installation, COUNT)["dots"] == figures["dots"]
    assert ask(installation, COUNT)["events"] == figures["events"]
