"""A dot that is paused by one process is paused in every other within a second, also while a crowd looks at it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.crash.installation import Installation, wait_until
from tests.crash.test_spool_kill9 import MAKE_DOTS, ask

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="changes the dot past MicDots, in the embedded database"),
]

CONNECTIONS = 12


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path / "var", web_workers=2)
    try:
        found.prepare()
        collected = found.manage("collectstatic", "--no-input", "--verbosity=0")
        assert collected.returncode == 0, collected.stdout
        found.start("web")
        wait_until(found._web_answers, 60, lambda: f"the web server never answered: {found.log('web')}")
        yield found
    finally:
        found.stop()


def test_a_pause_is_seen_in_every_process_within_a_second(installation):
    (code,) = ask(installation, MAKE_DOTS, "1")
    answers: list[tuple[float, int]] = []  # when it was asked, and the status
    ending = threading.Event()

    def look() -> None:
        with requests.Session() as session:
            while not ending.is_set():
                asked = time.monotonic()
                status = session.get(f"http://127.0.0.1:{installation.port}/q/{code}", timeout=30).status_code
                answers.append((asked, status))

    crowd = [threading.Thread(target=look) for _each in range(CONNECTIONS)]
    for one in crowd:
        one.start()
    wait_until(lambda: len(answers) > 200, 60, lambda: "too few answers")
    database = sqlite3.connect(installation.folder / "micdots.sqlite3", timeout=20)
    with database:
        database.execute("UPDATE generations_dot SET is_active = 0")
    paused = time.monotonic()
    database.close()
    time.sleep(2)
    ending.set()
    for one in crowd:
        one.join()

    assert {status for _asked, status in answers[:200]} == {200}
    after = [status for asked, status in answers if asked >= paused + 1]
    assert len(after) > CONNECTIONS
    assert set(after) == {410}
