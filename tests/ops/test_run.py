"""The process manager of `make run`: it keeps three programs alive, and leaves nothing behind, however it ends."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from micdots.run.health import is_answering
from tests.crash.installation import ROOT, free_port, wait_until
from tests.ops.processes import Program, environment

# The manager alone: what comes before it, such as collecting static files, has tests of its own.
MANAGER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "micdots.settings.local"
from micdots.run import manager
sys.exit(manager.run(["Come in."]))
"""

WEB, WORKER, BEAT = " granian ", " celery --app micdots --quiet worker ", " celery --app micdots --quiet beat "


@pytest.fixture(scope="module")
def prepared_var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    var_dir = tmp_path_factory.mktemp("run") / "var"
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=environment(var_dir), check=True
    )
    return var_dir


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def micdots(prepared_var_dir: Path, tmp_path: Path, port: int) -> Iterator[Program]:
    var_dir = tmp_path / "var"
    shutil.copytree(prepared_var_dir, var_dir)
    program = Program("-c", MANAGER, env=environment(var_dir, PORT=str(port)))
    try:
        yield program
    finally:
        program.stop(signal.SIGKILL)


def wait_for_all(micdots: Program, port: int) -> None:
    """Wait until web server, worker and beat run with all their children, and the first answers."""
    for word, count in ((WEB, 3), (WORKER, 3), (BEAT, 1)):
        wait_until(
            lambda w=word, n=count: len(micdots.running(w)) >= n, 60, lambda n=count, w=word: f"never {n} of {w}"
        )
    wait_until(lambda: is_answering("127.0.0.1", port), 60, lambda: "never came: an answer from the web server")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_stops_everything_and_nothing_is_left(micdots, port, number):
    wait_for_all(micdots, port)
    wait_until(lambda: micdots.said("run    | Come in."), 10, lambda: "never came: the welcome")

    status = micdots.stop(number)

    assert status == 0
    assert micdots.left() == []
    assert not is_answering("127.0.0.1", port)


@pytest.mark.crash
def test_programs_that_are_killed_come_back_without_their_orphans(micdots, port):
    wait_for_all(micdots, port)
    orphans = [*micdots.running(WEB)[1:], *micdots.running(WORKER)[1:]]

    for word in (WEB, WORKER, BEAT):
        killed = micdots.running(word)[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda w=word, k=killed: set(micdots.running(w)) - {k}, 30, lambda w=word: f"never another {w}")
    wait_for_all(micdots, port)

    assert not set(orphans) & set(micdots.running())
    assert micdots.said("run    | web ended without being asked to; it is started again.")
    assert micdots.stop(signal.SIGTERM) == 0
    assert micdots.left() == []


@pytest.mark.crash
def test_a_killed_child_of_the_web_server_is_replaced_by_it(micdots, port):
    wait_for_all(micdots, port)
    victim = micdots.running(WEB)[-1]

    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in micdots.running(), 10, lambda: "never came: the end of the child")

    wait_for_all(micdots, port)
    assert not micdots.said("ended without being asked to")


@pytest.mark.crash
def test_a_killed_child_of_the_worker_costs_the_worker(micdots, port):
    wait_for_all(micdots, port)
    before = micdots.running(WORKER)

    os.kill(before[-1], signal.SIGKILL)  # it may have held the lock that the others need (micdots.lib.worker_pool)
    wait_until(lambda: not set(before) & set(micdots.running()), 20, lambda: "never came: the end of the worker")

    wait_for_all(micdots, port)
    assert micdots.said("run    | worker ended without being asked to; it is started again.")


@pytest.mark.crash
def test_nothing_is_left_when_the_manager_itself_is_killed(micdots, port):
    wait_for_all(micdots, port)

    micdots.stop(signal.SIGKILL)

    wait_until(lambda: micdots.left() == [], 20, lambda: "never came: the end of every program")


@pytest.mark.crash
def test_a_program_that_cannot_run_stops_the_rest_with_an_error(prepared_var_dir, tmp_path, port):
    micdots = Program("-c", MANAGER, env=environment(prepared_var_dir, PORT=str(port), LOG_LEVEL="NONSENSE"))
    try:
        wait_until(lambda: micdots.process.poll() is not None, 60, lambda: "never came: giving up")
        assert micdots.stop(signal.SIGKILL) == 1
        assert any("ends as soon as it starts" in line for line in micdots.lines)
        assert micdots.left() == []
    finally:
        micdots.stop(signal.SIGKILL)
