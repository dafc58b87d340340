"""The ledger, one thread: what each movement does, and that a state machine finds no way to break it."""

from __future__ import annotations

import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts import ledger
from accounts.exceptions import AlreadyCharged
from accounts.models import TokenEntry, User
from micdots.lib.errors import InsufficientTokens
from tests.factories import make_owner, make_user

pytestmark = pytest.mark.django_db


def balance_of(account: User) -> int:
    return User.objects.get(pk=account.pk).token_balance


def test_a_charge_takes_tokens_and_leaves_an_entry(alice: User) -> None:
    reference = uuid.uuid4()

    entry = ledger.charge(account=alice, amount=300, reference=reference, attempt=1, note="Hello")

    assert entry is not None
    assert (entry.kind, entry.amount, entry.balance_after) == ("charge", -300, 9_700)
    assert (entry.reference, entry.attempt, entry.note) == (reference, 1, "Hello")
    assert balance_of(alice) == alice.token_balance == 9_700


def test_what_is_free_leaves_no_entry(alice: User) -> None:
    assert ledger.charge(account=alice, amount=0, reference=uuid.uuid4(), attempt=1) is None
    assert alice.token_entries.count() == 1


def test_a_charge_above_the_balance_takes_nothing(alice: User) -> None:
    with pytest.raises(InsufficientTokens) as refusal:
        ledger.charge(account=alice, amount=10_001, reference=uuid.uuid4(), attempt=1)

    assert refusal.value.details == {"required": 10_001, "available": 10_000}
    assert balance_of(alice) == 10_000
    assert alice.token_entries.count() == 1


def test_an_attempt_is_charged_once(alice: User) -> None:
    reference = uuid.uuid4()
    ledger.charge(account=alice, amount=100, reference=reference, attempt=1)

    with pytest.raises(AlreadyCharged):
        ledger.charge(account=alice, amount=100, reference=reference, attempt=1)

    assert balance_of(alice) == 9_900
    assert ledger.charge(account=alice, amount=100, reference=reference, attempt=2) is not None
    assert balance_of(alice) == 9_800


def test_a_refund_gives_back_what_the_attempt_took_and_only_once(alice: User) -> None:
    reference = uuid.uuid4()
    ledger.charge(account=alice, amount=100, reference=reference, attempt=1)
    ledger.charge(account=alice, amount=250, reference=reference, attempt=2)

    entry = ledger.refund(account=alice, reference=reference, attempt=2)

    assert entry is not None
    assert (entry.amount, entry.balance_after) == (250, 9_900)
    assert ledger.refund(account=alice, reference=reference, attempt=2) is None
    assert balance_of(alice) == 9_900


def test_there_is_no_refund_for_what_was_never_charged_or_charged_to_another(alice: User, bob: User) -> None:
    reference = uuid.uuid4()
    ledger.charge(account=alice, amount=100, reference=reference, attempt=1)

    assert ledger.refund(account=alice, reference=uuid.uuid4(), attempt=1) is None
    assert ledger.refund(account=bob, reference=reference, attempt=1) is None
    assert balance_of(bob) == 10_000


def test_staff_grants_and_withdraws_with_their_name_on_it(alice: User) -> None:
    owner = make_owner()

    granted = ledger.grant(account=alice, amount=500, actor=owner, note="School project")
    withdrawn = ledger.withdraw(account=alice, amount=200, actor=owner, note="By mistake")

    assert (granted.amount, granted.balance_after, granted.actor) == (500, 10_500, owner)
    assert (withdrawn.amount, withdrawn.balance_after, withdrawn.note) == (-200, 10_300, "By mistake")
    with pytest.raises(InsufficientTokens):
        ledger.withdraw(account=alice, amount=10_301, actor=owner, note="Too much")


def test_an_account_is_welcomed_once() -> None:
    account = make_user(tokens=0)

    assert ledger.welcome(account=account, amount=10) is not None
    assert ledger.welcome(account=account, amount=10) is None
    assert balance_of(account) == 10


@pytest.mark.parametrize("amount", [0, -5])
def test_an_amount_that_is_not_above_zero_is_a_bug(alice: User, amount: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ledger.grant(account=alice, amount=amount, actor=None, note="")
    with pytest.raises(ValueError, match="at least"):
        ledger.charge(account=alice, amount=-1, reference=uuid.uuid4(), attempt=1)


def test_a_movement_goes_back_with_the_callers_transaction(alice: User) -> None:
    with transaction.atomic():
        ledger.charge(account=alice, amount=300, reference=uuid.uuid4(), attempt=1)
        transaction.set_rollback(True)

    assert balance_of(alice) == 10_000
    assert alice.token_entries.count() == 1


def test_the_caller_may_go_on_after_a_refusal(alice: User) -> None:
    with transaction.atomic():
        with pytest.raises(InsufficientTokens):
            ledger.charge(account=alice, amount=20_000, reference=uuid.uuid4(), attempt=1)
        ledger.charge(account=alice, amount=1, reference=uuid.uuid4(), attempt=1)

    assert balance_of(alice) == 9_999


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_an_entry(alice: User, change: str) -> None:
    entries = TokenEntry.objects.filter(account=alice)
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        entries.update(amount=1) if change == "update" else entries._raw_delete("default")

    assert entries.get().amount == 10_000


def test_the_database_refuses_a_balance_below_zero(alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=alice.pk).update(token_balance=-1)


def test_saving_an_old_copy_of_an_account_gives_no_tokens_back(alice: User) -> None:
    old_copy = User.objects.get(pk=alice.pk)
    ledger.charge(account=alice, amount=300, reference=uuid.uuid4(), attempt=1)

    old_copy.name = "Alice the Second"
    old_copy.save()

    assert balance_of(alice) == 9_700
    with pytest.raises(ValueError, match="token_balance"):
        old_copy.save(update_fields=["token_balance"])


class LedgerMachine(RuleBasedStateMachine):
    """Any order of movements, beside a model of a few lines."""

    references = st.sampled_from([uuid.UUID(int=number) for number in range(1, 4)])
    attempts = st.integers(1, 2)
    amounts = st.integers(0, 60)

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.account = make_user(tokens=0)
        self.balance = 0
        self.welcomed = False
        self.charged: dict[tuple[uuid.UUID, int], int] = {}
        self.refunded: set[tuple[uuid.UUID, int]] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @rule(amount=amounts)
    def welcome(self, amount: int) -> None:
        entry = ledger.welcome(account=self.account, amount=amount)
        expected = amount > 0 and not self.welcomed
        assert (entry is not None) == expected
        if expected:
            self.welcomed = True
            self.balance += amount

    @rule(reference=references, attempt=attempts, amount=amounts)
    def charge(self, reference: uuid.UUID, attempt: int, amount: int) -> None:
        def take() -> TokenEntry | None:
            return ledger.charge(account=self.account, amount=amount, reference=reference, attempt=attempt)

        if amount == 0:
            assert take() is None
        elif amount > self.balance:
            with pytest.raises(InsufficientTokens):
                take()
        elif (reference, attempt) in self.charged:
            with pytest.raises(AlreadyCharged):
                take()
        else:
            assert take() is not None
            self.charged[reference, attempt] = amount
            self.balance -= amount

    @rule(reference=references, attempt=attempts)
    def refund(self, reference: uuid.UUID, attempt: int) -> None:
        entry = ledger.refund(account=self.account, reference=reference, attempt=attempt)
        key = (reference, attempt)
        if key in self.charged and key not in self.refunded:
            assert entry is not None
            assert entry.amount == self.charged[key]
            self.refunded.add(key)
            self.balance += self.charged[key]
        else:
            assert entry is None

    @rule(amount=st.integers(1, 60))
    def grant(self, amount: int) -> None:
        ledger.grant(account=self.account, amount=amount, actor=None, note="grant")
        self.balance += amount

    @rule(amount=st.integers(1, 60))
    def withdraw(self, amount: int) -> None:
        if amount > self.balance:
            with pytest.raises(InsufficientTokens):
                ledger.withdraw(account=self.account, amount=amount, actor=None, note="withdrawal")
        else:
            ledger.withdraw(account=self.account, amount=amount, actor=None, note="withdrawal")
            self.balance -= amount

    @invariant()
    def the_balance_is_the_models_and_the_sum_of_the_entries(self) -> None:
        entries = list(TokenEntry.objects.filter(account=self.account).order_by("pk"))
        assert balance_of(self.account) == self.account.token_balance == self.balance
        assert sum(entry.amount for entry in entries) == self.balance
        running = 0
        for entry in entries:
            running += entry.amount
            assert entry.balance_after == running >= 0


class TestAnyOrderOfMovements(TestCase):
    def test_the_ledger_agrees_with_a_model(self) -> None:
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=60,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
        output = StringIO()
        call_command("check_ledger", stdout=output)
        assert "adds up" in output.getvalue()
