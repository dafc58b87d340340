"""What every test may ask for. Three people: Alice owns it, Bob shares it, Charlie must see nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.backends.sqlite3.base import DatabaseOperations
from rest_framework.test import APIClient

from accounts import sign_ins
from accounts.models import User
from micdots.lib import health
from tests.factories import make_user


@pytest.fixture(scope="session", autouse=True)
def configured_bucket() -> None:
    """Where the suite runs on S3, the bucket of this test process is there before its first object."""
    if settings.S3_BUCKET:
        call_command("provision_storage", stdout=StringIO())


@pytest.fixture
def alice(db: None) -> User:
    return make_user(email="alice@example.org", name="Alice", tokens=10_000)


@pytest.fixture
def bob(db: None) -> User:
    return make_user(email="bob@example.org", name="Bob", tokens=10_000)


@pytest.fixture
def charlie(db: None) -> User:
    return make_user(email="charlie@example.org", name="Charlie", tokens=10_000)


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """``api(alice)`` is a client that sends Alice's access token, ``api()`` one without credentials."""

    def client_of(user: User | None = None, **options: Any) -> APIClient:
        client = APIClient(**options)
        if user is not None:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {sign_ins.start(account=user).access}")
        return client

    return client_of


def _flush_past_refusing_triggers(
    flush: Callable[[DatabaseOperations, Iterable[str]], None],
) -> Callable[[DatabaseOperations, Iterable[str]], None]:
    """Let Django empty the tables after a transactional test, although the ledger refuses to lose entries.

    On SQLite it empties them with DELETE, which our triggers refuse (on PostgreSQL with TRUNCATE, which they let pass).
    So the refusing triggers step aside for the flush, in tests only, and come back in the same transaction.
    """

    def flush_and_restore(self: DatabaseOperations, statements: Iterable[str]) -> None:
        from django.db import transaction

        connection: Any = self.connection
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE(ABORT%'")
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            flush(self, statements)
            for _name, sql in triggers:
                cursor.execute(sql)

    return flush_and_restore


DatabaseOperations.execute_sql_flush = _flush_past_refusing_triggers(DatabaseOperations.execute_sql_flush)


@pytest.fixture(autouse=True)
def _no_question_outlives_its_test() -> Iterator[None]:
    """What a busy machine has not answered yet would be the next test's answer, about this one's storage."""
    yield
    for check in health._checks.values():
        if check.thread is not None:
            check.thread.join(30)


@pytest.fixture(autouse=True)
def _counters_of_its_own(settings: Any) -> None:
    """Counters in Redis outlive a test's transaction, and the next test or process would count on."""
    if settings.REDIS_URL:
        settings.REDIS_PREFIX = f"micdots-test-{uuid.uuid4()}:"
