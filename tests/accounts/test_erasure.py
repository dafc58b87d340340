"""Forgetting an account: what goes, what stays, and who is asked."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts import erasure, ledger, services, sign_ins
from accounts.ledger_check import find_faults
from accounts.models import BrowserSession, TokenEntry, User
from accounts.signals import account_erased
from micdots.lib.errors import Conflict, NotFound
from tests.accounts.conftest import Posting
from tests.factories import PASSWORD, make_owner, make_user

pytestmark = pytest.mark.django_db

Api = Callable[..., APIClient]


def delete(api: Api, account: User, password: Any = PASSWORD) -> Any:
    return api(account).delete("/api/v1/me", {"password": password}, format="json")


def test_nothing_personal_is_left_in_any_table(api: Api, posting: Posting, mailoutbox: list[EmailMessage]) -> None:
    account = make_user(email="unmistakable@example.org", name="Unmistakable Name", tokens=50, bio="Unmistakable bio")
    old_id = str(account.public_id)
    browser = Client()
    browser.post("/account/login/", {"login": account.email, "password": PASSWORD})
    services.request_email_change(account=account, email="unmistakable-too@example.org")
    sign_ins.start(account=account)
    with posting():
        services.request_password_reset(email=account.email)

        response = delete(api, account)

    assert (response.status_code, response.content) == (204, b"")
    assert "deleted" in mailoutbox[-1].subject
    assert mailoutbox[-1].to == ["unmistakable@example.org"]
    for model in apps.get_models(include_auto_created=True):
        for row in model._default_manager.values():
            assert "nmistakable" not in str(row), model
            assert old_id not in str(row), model
    assert not BrowserSession.objects.exists()


def test_the_ledger_stays_under_a_random_pseudonym(api: Api, alice: User) -> None:
    old_id = alice.public_id
    delete(api, alice)

    alice.refresh_from_db()
    assert TokenEntry.objects.get().account == alice
    assert alice.token_balance == 10_000
    assert list(find_faults()) == []
    assert alice.public_id != old_id
    assert alice.email.endswith("@erased.invalid")
    assert (alice.name, alice.is_active, alice.has_usable_password()) == ("", False, False)


def test_the_password_is_asked_for(api: Api, alice: User) -> None:
    for password in ("not-her-password", "", None, 5):
        response = delete(api, alice, password)
        assert (response.status_code, list(response.json()["error"]["details"])) == (400, ["password"])
    assert api(alice).delete("/api/v1/me").status_code == 400
    alice.refresh_from_db()
    assert not alice.is_erased


def test_the_address_is_free_again(api: Api, alice: User) -> None:
    delete(api, alice)

    again = services.sign_up(email="alice@example.org", password=PASSWORD)

    assert again.pk != alice.pk
    assert again.token_entries.get().kind == "welcome"


def test_every_session_ends(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    erasure.erase(account=alice)

    assert browser.get("/account/profile/").status_code == 302


def test_other_apps_answer_for_their_data_and_may_stop_it(alice: User) -> None:
    seen: list[str] = []

    def note(account: User, **kwargs: Any) -> None:
        seen.append(account.email)
        assert connection.in_atomic_block
        raise RuntimeError("my rows are busy")

    account_erased.connect(note)
    try:
        with pytest.raises(RuntimeError):
            erasure.erase(account=alice)
    finally:
        account_erased.disconnect(note)

    assert seen == ["alice@example.org"]
    alice.refresh_from_db()
    assert (alice.is_erased, alice.email) == (False, "alice@example.org")


def test_it_happens_once_and_not_to_the_last_owner(alice: User) -> None:
    owner = make_owner()
    with pytest.raises(Conflict):
        erasure.erase(account=owner)

    erasure.erase(account=alice)
    with pytest.raises(NotFound):
        erasure.erase(account=alice)


def test_a_refund_after_the_erasure_still_adds_up(alice: User) -> None:
    reference = uuid.uuid4()
    ledger.charge(account=alice, amount=100, reference=reference, attempt=1)
    erasure.erase(account=alice)

    assert ledger.refund(account=alice, reference=reference, attempt=1) is not None
    assert list(find_faults()) == []
