"""Eight people who sign up with one address at the same moment."""

from __future__ import annotations

import pytest

from accounts import services
from accounts.exceptions import EmailTaken
from accounts.ledger_check import find_faults
from accounts.models import TokenEntry, User
from tests.accounts.test_ledger_races import all_at_once
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_gets_the_account_and_the_welcome() -> None:
    outcomes = all_at_once(lambda number: services.sign_up(email="One@example.org", password=PASSWORD))

    assert sum(isinstance(outcome, User) for outcome in outcomes) == 1, outcomes
    assert sum(isinstance(outcome, EmailTaken) for outcome in outcomes) == 7, outcomes
    assert User.objects.get().email == "one@example.org"
    assert TokenEntry.objects.count() == 1
    assert list(find_faults()) == []
