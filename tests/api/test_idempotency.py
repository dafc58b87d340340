"""The same request twice does the thing once."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from micdots.api import idempotency
from micdots.api.idempotency import Answer, Call, once
from micdots.api.models import IdempotentAnswer
from micdots.lib.errors import Conflict, ValidationFailed

URL = "/api/v1/test/names"
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]


def post(client: Any, key: str | None, body: dict[str, Any] | bytes | None = None, url: str = URL) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body or {"name": "a row"}).encode()
    return client.post(
        url, raw, content_type="application/json", headers={} if key is None else {"Idempotency-Key": key}
    )


def rows() -> int:
    return User.objects.filter(bio="row").count()


def test_the_second_gets_the_first_answer_and_makes_nothing(api, alice) -> None:
    first = post(api(alice), "k1")
    second = post(api(alice), "k1")

    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert second["Content-Type"] == "application/json"
    assert second["X-Request-Id"] != first["X-Request-Id"]
    assert rows() == 1


def test_a_quoted_key_and_a_slash_make_no_other_request(api, alice) -> None:
    post(api(alice), "k1")

    assert post(api(alice), '"k1"', url=URL + "/")["Idempotent-Replayed"] == "true"


def test_without_a_key_each_request_counts(api, alice) -> None:
    post(api(alice), None)
    post(api(alice), None)

    assert rows() == 2


def test_another_body_is_a_conflict(api, alice) -> None:
    post(api(alice), "k1")
    response = post(api(alice), "k1", {"name": "another"})

    assert response.status_code == 409
    assert response.json()["error"]["code"] == "CONFLICT"
    assert rows() == 1


def test_keys_belong_to_their_account(api, alice, bob) -> None:
    post(api(alice), "k1")

    assert "Idempotent-Replayed" not in post(api(bob), "k1", {"name": "another"})
    assert rows() == 2


@pytest.mark.parametrize("key", ["", " ", '""', "a" * 256, "sm\x0bile", "caf\xe9"])
def test_a_key_that_is_none_is_refused(api, alice, key: str) -> None:
    response = post(api(alice), key)

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"
    assert rows() == 0


def test_255_characters_are_a_key(api, alice) -> None:
    assert post(api(alice), "a" * 255).status_code == 201


@pytest.mark.parametrize("body", [{"name": 7}, {"name": "a row", "refuse": 402}, b"{"])
def test_refusals_are_remembered_and_leave_nothing_behind(api, alice, body: Any) -> None:
    first = post(api(alice), "k1", body)
    second = post(api(alice), "k1", body)

    assert first.status_code in {400, 402}
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    assert rows() == 0


@pytest.mark.parametrize("status", [409, 503])
def test_what_says_nothing_about_the_request_is_not_remembered(api, alice, status: int) -> None:
    for _attempt in range(2):
        response = post(api(alice), "k1", {"name": "a row", "refuse": status})
        assert response.status_code == status
        assert "Idempotent-Replayed" not in response

    assert rows() == 0
    assert IdempotentAnswer.objects.count() == 0


def test_after_a_day_the_key_is_new(api, alice) -> None:
    post(api(alice), "k1")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))

    assert "Idempotent-Replayed" not in post(api(alice), "k1", {"name": "another"})
    assert rows() == 2


def test_old_answers_are_purged_and_an_accounts_are_forgotten(api, alice, bob) -> None:
    post(api(alice), "old")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    post(api(alice), "new")
    post(api(bob), "new")

    assert idempotency.purge_answers() == 1
    assert idempotency.forget_answers(alice.pk) == 1
    assert IdempotentAnswer.objects.get().account == bob


@pytest.mark.parametrize(
    ("header", "key"), [("abc", "abc"), ('"abc"', "abc"), ('"a\\"b"', 'a"b'), ('"', '"'), (" x ", "x")]
)
def test_bare_and_quoted_keys_are_read(header: str, key: str) -> None:
    assert idempotency.read_key(header) == key


def test_a_control_character_is_no_key() -> None:
    with pytest.raises(ValidationFailed):
        idempotency.read_key("a\nb")


# --- What holds when requests meet or die -----------------------------------------------------------------------------


def call_of(account: User, body: bytes = b"{}") -> Call:
    return Call.of(account_id=account.pk, method="POST", path="/api/v1/x", header="k", body=body)


def make_row() -> Answer:
    User.objects.create(email=f"{uuid.uuid4()}@rows.example", bio="row")
    return Answer(201, '{"made": true}')


def test_a_process_that_died_does_not_hold_the_key_for_ever(alice, monkeypatch) -> None:
    def killed() -> Answer:
        make_row()
        raise SystemExit  # no handler runs after this, as when a process is killed

    with pytest.raises(SystemExit):
        once(call_of(alice), killed)
    assert rows() == 0, "what it made is undone"
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(Conflict):
        once(call_of(alice), make_row)

    IdempotentAnswer.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    answer, replayed = once(call_of(alice), make_row)

    assert (answer.status, replayed) == (201, False)
    assert once(call_of(alice), make_row) == (answer, True)
    assert rows() == 1


def test_who_was_taken_for_dead_undoes_its_work(alice) -> None:
    def slow() -> Answer:
        IdempotentAnswer.objects.update(holder=uuid.uuid4())  # somebody else has taken over
        return make_row()

    with pytest.raises(Conflict):
        once(call_of(alice), slow)

    assert rows() == 0


def test_a_bug_frees_the_key(alice) -> None:
    def broken() -> Answer:
        make_row()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(call_of(alice), broken)

    assert once(call_of(alice), make_row)[1] is False
    assert rows() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_does_the_work_and_all_get_its_answer(alice) -> None:
    barrier = threading.Barrier(8)
    results: list[tuple[Answer, bool]] = []
    faults: list[Exception] = []

    def send() -> None:
        try:
            barrier.wait()
            results.append(once(call_of(alice), make_row))
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert rows() == 1
    assert [replayed for _answer, replayed in results].count(False) == 1
    assert {answer for answer, _replayed in results} == {Answer(201, '{"made": true}')}


@pytest.mark.django_db(transaction=True)
def test_the_second_waits_for_the_first_and_then_gives_up(alice, monkeypatch) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", 0.3)
    begun, finish = threading.Event(), threading.Event()
    results: list[tuple[Answer, bool]] = []

    def slow_first() -> None:
        try:
            # Not inside the transaction: on SQLite that would be the database's own lock.
            _row, holder = idempotency._reserve(call_of(alice))
            begun.set()
            finish.wait(10)
            results.append((idempotency._do(idempotency._reserved(call_of(alice), holder), make_row), False))
        finally:
            connection.close()

    first = threading.Thread(target=slow_first)
    first.start()
    assert begun.wait(10)
    with pytest.raises(Conflict):
        once(call_of(alice), make_row)
    with pytest.raises(Conflict):
        once(call_of(alice, b"another"), make_row)
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", 10)
    finish.set()
    answer, replayed = once(call_of(alice), make_row)
    first.join()

    assert replayed is True
    assert answer == results[0][0]
    assert rows() == 1
