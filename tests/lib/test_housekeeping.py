"""Beat runs what is due by itself."""

import threading
import time
from datetime import timedelta

import pytest
from celery import Celery

from micdots.lib.housekeeping import Scheduler


@pytest.fixture
def app():
    app = Celery("housekeeping-test", broker="amqp://127.0.0.1:9//", set_as_current=False)  # nobody listens there
    app.conf.broker_connection_retry = False
    app.conf.result_expires = None  # or Celery adds a task of its own to the schedule
    return app


@pytest.fixture
def scheduler_for(app, tmp_path):
    """A scheduler with these tasks, each due at once."""
    made = []

    def make(**tasks):
        for name, function in tasks.items():
            app.task(name=name, shared=False)(function)
        app.conf.beat_schedule = {
            name: {"task": name, "schedule": timedelta(seconds=0), "args": (name,)} for name in tasks
        }
        made.append(Scheduler(app=app, schedule_filename=str(tmp_path / "schedule")))
        return made[-1]

    yield make
    for scheduler in made:
        scheduler.close()


def run(scheduler, name):
    return scheduler.apply_async(scheduler.schedule[name])


def test_what_is_due_runs_here_and_needs_no_broker(scheduler_for):
    done = threading.Event()
    seen = []

    def tidy(argument):
        seen.append((argument, threading.current_thread().name))
        done.set()

    scheduler = scheduler_for(tidy=tidy)

    deadline = time.monotonic() + 10
    while not done.is_set():
        assert time.monotonic() < deadline
        done.wait(min(scheduler.tick(), 0.1))

    assert seen[0] == ("tidy", "tidy")


def test_a_task_that_is_still_at_work_is_not_begun_again(scheduler_for):
    go_on, turns = threading.Event(), []

    def slow(_argument):
        turns.append(1)
        go_on.wait(10)

    scheduler = scheduler_for(slow=slow)

    first = run(scheduler, "slow")
    assert run(scheduler, "slow") is None
    go_on.set()
    first.join(10)
    run(scheduler, "slow").join(10)

    assert len(turns) == 2


def test_a_slow_task_keeps_nobody_waiting(scheduler_for):
    go_on, done = threading.Event(), threading.Event()

    def slow_task(_argument):
        go_on.wait(10)

    def quick_task(_argument):
        done.set()

    scheduler = scheduler_for(slow=slow_task, quick=quick_task)

    slow = run(scheduler, "slow")
    run(scheduler, "quick")

    assert done.wait(10)
    go_on.set()
    slow.join(10)


def test_a_task_that_fails_is_told_in_the_log_and_runs_again(scheduler_for, caplog):
    def broken(_argument):
        raise RuntimeError("out of order")

    scheduler = scheduler_for(broken=broken)

    run(scheduler, "broken").join(10)
    assert run(scheduler, "broken") is not None

    assert "broken failed" in caplog.text
