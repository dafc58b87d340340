"""The ledger under eight threads at once, on whichever database the suite runs."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from accounts import ledger
from accounts.exceptions import AlreadyCharged
from accounts.ledger_check import find_faults
from accounts.models import TokenEntry, User
from micdots.lib.errors import InsufficientTokens
from tests.factories import make_user

THREADS = 8

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(do: Callable[[int], object]) -> list[object]:
    """Run ``do(0)`` … ``do(7)`` in threads that start together; an outcome is what it gave or what it raised."""
    barrier = threading.Barrier(THREADS)

    def work(number: int) -> object:
        try:
            barrier.wait(timeout=30)
            return do(number)
        except Exception as error:  # whatever it was is the outcome, and the tests look at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def own_copy(account: User) -> User:
    return User.objects.get(pk=account.pk)


def test_eight_charges_never_take_more_than_there_is() -> None:
    account = make_user(tokens=500)

    outcomes = all_at_once(
        lambda number: ledger.charge(account=own_copy(account), amount=100, reference=uuid.uuid4(), attempt=1)
    )

    taken = [outcome for outcome in outcomes if isinstance(outcome, TokenEntry)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, InsufficientTokens)]
    assert (len(taken), len(refused)) == (5, 3), outcomes
    assert own_copy(account).token_balance == 0
    assert sorted(entry.balance_after for entry in taken) == [0, 100, 200, 300, 400]
    assert list(find_faults()) == []


def test_of_eight_charges_for_one_attempt_one_counts() -> None:
    account, reference = make_user(tokens=1_000), uuid.uuid4()

    outcomes = all_at_once(
        lambda number: ledger.charge(account=own_copy(account), amount=100, reference=reference, attempt=1)
    )

    assert sum(isinstance(outcome, TokenEntry) for outcome in outcomes) == 1, outcomes
    assert sum(isinstance(outcome, AlreadyCharged) for outcome in outcomes) == 7, outcomes
    assert own_copy(account).token_balance == 900


def test_of_eight_refunds_of_one_attempt_one_counts() -> None:
    account, reference = make_user(tokens=1_000), uuid.uuid4()
    ledger.charge(account=account, amount=700, reference=reference, attempt=1)

    outcomes = all_at_once(lambda number: ledger.refund(account=own_copy(account), reference=reference, attempt=1))

    assert sum(isinstance(outcome, TokenEntry) for outcome in outcomes) == 1, outcomes
    assert outcomes.count(None) == 7, outcomes
    assert own_copy(account).token_balance == 1_000
    assert list(find_faults()) == []


def test_everything_at_once_adds_up() -> None:
    account = make_user(tokens=1_000)
    references = [uuid.uuid4() for _ in range(THREADS)]

    def come_and_go(number: int) -> None:
        mine = own_copy(account)
        for attempt in range(1, 6):
            ledger.charge(account=mine, amount=10, reference=references[number], attempt=attempt)
            ledger.refund(account=mine, reference=references[number], attempt=attempt)
            ledger.grant(account=mine, amount=3, actor=None, note="grant")
            ledger.withdraw(account=mine, amount=2, actor=None, note="withdrawal")

    outcomes = all_at_once(come_and_go)

    assert outcomes == [None] * THREADS
    assert own_copy(account).token_balance == 1_000 + THREADS * 5
    assert TokenEntry.objects.count() == 1 + THREADS * 5 * 4
    assert list(find_faults()) == []


def test_what_is_rolled_back_beside_others_leaves_nothing() -> None:
    account = make_user(tokens=1_000)

    def change_ones_mind(number: int) -> None:
        with transaction.atomic():
            ledger.charge(account=own_copy(account), amount=50, reference=uuid.uuid4(), attempt=1)
            if number % 2:
                transaction.set_rollback(True)

    assert all_at_once(change_ones_mind) == [None] * THREADS
    assert own_copy(account).token_balance == 800
    assert list(find_faults()) == []


def test_an_account_is_welcomed_once_however_many_greet_it() -> None:
    account = make_user(tokens=0)

    outcomes = all_at_once(lambda number: ledger.welcome(account=own_copy(account), amount=100))

    assert sum(isinstance(outcome, TokenEntry) for outcome in outcomes) == 1, outcomes
    assert own_copy(account).token_balance == 100
