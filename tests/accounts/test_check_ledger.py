"""``manage.py check_ledger`` finds what is off. The faults are made past the services, as a bug would."""

from __future__ import annotations

import uuid
from io import StringIO

import pytest
from django.core.management import call_command

from accounts import ledger
from accounts.models import TokenEntry, User


def run() -> tuple[int, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("check_ledger", stdout=out, stderr=err)
    except SystemExit as leaving:
        return int(leaving.code or 0), err.getvalue()
    return 0, out.getvalue()


def test_it_finds_nothing_when_all_is_well(alice: User, bob: User) -> None:
    ledger.charge(account=alice, amount=10, reference=uuid.uuid4(), attempt=1)

    status, words = run()

    assert status == 0
    assert "3 entries, 2 accounts" in words


def test_it_names_an_account_whose_balance_is_not_the_sum(alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(token_balance=77)

    status, words = run()

    assert status == 1
    assert f"account {alice.pk}: balance is 77, the entries sum to 10000" in words
    assert f"account {bob.pk}" not in words


def test_it_names_an_account_with_tokens_and_no_entries(alice: User) -> None:
    poor = User.objects.create_user("poor@example.org")
    User.objects.filter(pk=poor.pk).update(token_balance=5)

    status, words = run()

    assert (status, f"account {poor.pk}: balance is 5, the entries sum to 0" in words) == (1, True)


def test_it_names_a_broken_chain(alice: User, bob: User) -> None:
    TokenEntry.objects.create(account=alice, kind="grant", amount=5, balance_after=10_007)
    User.objects.filter(pk=alice.pk).update(token_balance=10_005)

    status, words = run()

    assert status == 1
    assert f"account {alice.pk}" in words
    assert "leaves 10007, expected 10005" in words
    assert "sum to" not in words


@pytest.mark.parametrize("amount", [99, 101])
def test_it_names_a_refund_of_another_amount_than_the_charge(alice: User, amount: int) -> None:
    reference = uuid.uuid4()
    ledger.charge(account=alice, amount=100, reference=reference, attempt=1)
    after = 9_900 + amount
    TokenEntry.objects.create(
        account=alice, kind="refund", amount=amount, balance_after=after, reference=reference, attempt=1
    )
    User.objects.filter(pk=alice.pk).update(token_balance=after)

    status, words = run()

    assert (status, f"gives back {amount} that no charge took" in words) == (1, True)
