"""A process that is killed in the middle neither does the thing twice nor leaves half of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from micdots.api.idempotency import Answer, Call, once
from micdots.api.models import IdempotentAnswer

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

# Does the work under the key, and says where it is; then it waits to be killed.
OTHER_PROCESS = """
import sys, django
django.setup()
from accounts.models import User
from micdots.api.idempotency import Answer, Call, once

def say_and_wait(word):
    print(word, flush=True)
    sys.stdin.read()

def work():
    User.objects.create(email="made@rows.example", bio="row")
    if sys.argv[2] == "working":
        say_and_wait("working")
    return Answer(201, "{}")

once(Call.of(account_id=int(sys.argv[1]), method="POST", path="/x", header="k", body=b""), work)
say_and_wait("done")
"""


def database_url() -> str:
    """The test's own database, for another process."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


@pytest.fixture
def killed_when() -> Callable[[User, str], None]:
    """``killed_when(alice, "working")`` lets another process do Alice's request and kills it there."""

    def run(account: User, moment: str) -> None:
        environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "micdots.settings.test"}
        with subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, str(account.pk), moment],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == moment
            process.send_signal(signal.SIGKILL)

    return run


def repeat(account: User) -> tuple[Answer, bool]:
    def work() -> Answer:
        User.objects.create(email="made@rows.example", bio="row")
        return Answer(201, "{}")

    return once(Call.of(account_id=account.pk, method="POST", path="/x", header="k", body=b""), work)


def test_killed_at_work_it_has_done_nothing_and_is_done_again(alice: User, killed_when) -> None:
    killed_when(alice, "working")

    assert not User.objects.filter(bio="row").exists()
    IdempotentAnswer.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert repeat(alice) == (Answer(201, "{}"), False)
    assert User.objects.filter(bio="row").count() == 1


def test_killed_before_it_could_answer_the_answer_is_kept(alice: User, killed_when) -> None:
    killed_when(alice, "done")

    assert repeat(alice) == (Answer(201, "{}"), True)
    assert User.objects.filter(bio="row").count() == 1
