"""A process of the worker that is killed while it waits for work must not keep the others from working."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.installation import Installation, wait_until

pytestmark = pytest.mark.crash


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


def is_ready(installation: Installation, text: str) -> bool:
    status, answer = installation.call("POST", "/api/v1/generations", {"text": text, "voice": "espeak:en-gb"})
    assert status == 202, answer

    def ready() -> dict[str, Any] | None:
        _status, now = installation.call("GET", f"/api/v1/generations/{answer['data']['id']}")
        return now["data"] if now["data"]["status"] == "ready" else None

    return bool(wait_until(ready, 60, lambda: f"it never was ready\n{installation.log('worker')}"))


@pytest.mark.parametrize("victim", [0, 1])
def test_the_worker_goes_on_after_an_idle_process_was_killed(installation, victim):
    assert is_ready(installation, "Before.")
    worker = installation.programs["worker"]
    idle = installation.makers()
    assert len(idle) == 2

    installation.kill(idle[victim])

    wait_until(lambda: worker.poll() is not None, 20, lambda: f"the worker runs on\n{installation.log('worker')}")
    assert installation.children_of("worker") == []
    installation.restart_dead()
    assert is_ready(installation, "After.")
