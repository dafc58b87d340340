"""``kill -9`` at random moments: no generation is stuck, no token lost, no object left over.

Run it with ``make test-crash``. A failed run names its seed; ``CRASH_SEED=…`` draws the same victims again.
"""

from __future__ import annotations

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.crash.installation import Installation, wait_until

pytestmark = pytest.mark.crash

GENERATIONS = 60
AT_LEAST_KILLS = 20
HARM_SECONDS = 90  # no longer than this, however slow the machine is
PATIENCE_SECONDS = 40  # a queue that does not move for so long is stuck: several leases and sweeps
SENTENCE = "This is sentence number {number} of a text that nobody has spoken before, and it takes its time. "


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path / "var")
    try:
        found.prepare()
        found.start_all()
        found.sign_up()
        yield found
    finally:
        found.stop()


def text_of(number: int, sentences: int) -> str:
    """A text that no other generation has, or it would be found again instead of spoken."""
    return f"Text {number}. " + "".join(SENTENCE.format(number=each) for each in range(sentences))


def request(installation: Installation, number: int, sentences: int) -> None:
    status, answer = installation.call(
        "POST", "/api/v1/generations", {"text": text_of(number, sentences), "voice": "espeak:en-gb"}
    )
    assert status == 202, answer


def unfinished(installation: Installation) -> list[str]:
    return [row["id"] for row in installation.generations() if row["status"] in ("queued", "processing")]


def do_harm(installation: Installation, chance: random.Random) -> Counter[str]:
    """Kill at random moments until everything is made or time is up; gives what was killed how often."""
    ways = {
        "worker and all below it": installation.kill_worker,
        "worker alone": installation.kill_worker_alone,
        "making process": lambda: installation.kill_one_making_process(chance),
        "speech child": lambda: installation.kill_speech_child(chance),
    }
    # A worker takes seconds to start again; if only starts were killed, nothing would be proven of work.
    weights = [2, 2, 4, 4]
    killed: Counter[str] = Counter()
    ends = time.monotonic() + HARM_SECONDS
    while time.monotonic() < ends and (killed.total() < AT_LEAST_KILLS or unfinished(installation)):
        time.sleep(chance.uniform(0.3, 5.0))  # the moments are the point: anywhere in a start, a run or a write
        (way,) = chance.choices(list(ways), weights)
        ways[way]()
        killed[way] += 1
        installation.restart_dead()
    return killed


def settle(installation: Installation, story: str) -> None:
    """Wait until nothing is queued or at work, as long as that comes nearer: machines differ, stuck rows do not."""
    left, moved_at = len(unfinished(installation)), time.monotonic()
    while left:
        time.sleep(0.5)
        now = len(unfinished(installation))
        if now < left:
            left, moved_at = now, time.monotonic()
        assert time.monotonic() - moved_at < PATIENCE_SECONDS, (
            f"{story}: stuck are {unfinished(installation)}\n{installation.log('worker')}"
        )


def test_killing_workers_and_speech_at_random_moments_loses_nothing(installation):
    seed = int(os.environ.get("CRASH_SEED") or secrets.randbelow(10**6))
    chance = random.Random(seed)
    _status, me = installation.call("GET", "/api/v1/me")
    balance = me["data"]["tokenBalance"]
    for number in range(GENERATIONS):
        request(installation, number, chance.randint(5, 40))

    killed = do_harm(installation, chance)

    story = f"CRASH_SEED={seed}, killed {dict(killed)}"
    assert killed.total() >= AT_LEAST_KILLS, story
    settle(installation, story)
    rows = installation.generations()
    counted = Counter(row["status"] for row in rows)
    story = f"{story}, {dict(counted)}, {Counter(row['error']['code'] for row in rows if row['error'])}"
    assert len(rows) == GENERATIONS, story
    assert set(counted) <= {"ready", "failed"}, story
    assert counted["ready"] >= 0.9 * GENERATIONS, story
    assert all(row["refunded"] for row in rows if row["status"] == "failed"), story
    assert not any(row["refunded"] for row in rows if row["status"] == "ready"), story

    _status, me = installation.call("GET", "/api/v1/me")
    assert me["data"]["tokenBalance"] == balance - sum(row["tokens"] for row in rows if row["status"] == "ready"), story
    for command in ("check_ledger", "check_storage"):
        checked = installation.manage(command)
        assert checked.returncode == 0, f"{story}: {command} says {checked.stdout}"
    for row in rows:
        if row["status"] == "ready":
            audio = requests.get(row["audio"]["url"], timeout=30)
            assert (audio.status_code, len(audio.content)) == (200, row["audio"]["bytes"]), story
            assert row["qr"], story


def start_one(installation: Installation) -> dict[str, Any]:
    """A generation that takes some seconds, at work."""
    request(installation, 0, 300)

    def at_work() -> dict[str, Any] | None:
        (row,) = installation.generations()
        return row if row["status"] == "processing" and row["progress"] > 0 else None

    return wait_until(at_work, 60, lambda: f"nothing was spoken\n{installation.log('worker')}")


def test_the_speech_process_ends_with_its_worker(installation):
    start_one(installation)
    speaking = installation.speech_children()
    assert speaking

    for child in speaking:
        installation.kill(child.parent)

    pids = {child.pid for child in speaking}
    wait_until(
        lambda: not pids & {child.pid for child in installation.speech_children()},
        5,
        lambda: "a speech process outlived its worker",
    )


def test_a_killed_generation_is_taken_up_again_although_the_queue_is_long(installation):
    row = start_one(installation)
    for number in range(1, 40):
        request(installation, number, 100)

    installation.kill_worker()
    installation.restart_dead()

    def begun_again() -> bool:
        _status, answer = installation.call("GET", f"/api/v1/generations/{row['id']}")
        return answer["data"]["status"] == "processing" and answer["data"]["startedAt"] != row["startedAt"]

    wait_until(begun_again, 60, lambda: f"it is stuck\n{installation.log('worker')}")
    waiting = [other for other in installation.generations() if other["status"] == "queued"]
    assert len(waiting) > 20, "the queue was too short to prove anything"
