"""The pages about one's own account."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from accounts import ledger, registry, services
from accounts.models import MailLog, User
from micdots.lib.page_language import page_language
from tests.accounts.conftest import Posting, path_in
from tests.accounts.test_api_me import TwoVoices
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

PROFILE = "/account/profile/"


@pytest.fixture
def signed_in(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def profile(**changes: str) -> dict[str, str]:
    return {"name": "Alice", "bio": "", "language": "en", "timezone": "UTC", "default_voice": "", **changes}


def test_the_profile_is_saved(signed_in: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_voices", TwoVoices())

    response = signed_in.post(
        PROFILE,
        profile(name="Älice", bio="One\r\ntwo", language="de", timezone="Europe/Berlin", default_voice="espeak:de"),
    )

    assert response.status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.language, alice.timezone, alice.default_voice) == (
        "Älice", "de", "Europe/Berlin", "espeak:de",
    )  # fmt: skip
    # German where pages are translated into it, else English.
    assert f'<html lang="{page_language("de")}"' in signed_in.get(PROFILE).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("language", "tlh"), ("timezone", "Mars/Olympus"), ("default_voice", "espeak:x"), ("name", "n" * 121)],
)
def test_what_was_typed_stays_when_the_profile_is_wrong(signed_in: Client, alice: User, field: str, value: str) -> None:
    response = signed_in.post(PROFILE, profile(bio="My new biography", **{field: value}))

    assert response.status_code == 422
    assert "My new biography" in response.content.decode()
    assert f'id="id_{field}_error"' in response.content.decode()
    alice.refresh_from_db()
    assert alice.bio == ""


def test_a_voice_that_is_gone_stays_chosen_until_its_owner_says_otherwise(signed_in: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(default_voice="espeak:gone")

    assert 'value="espeak:gone" selected' in signed_in.get(PROFILE).content.decode()


def test_times_are_in_the_accounts_time_zone(signed_in: Client, alice: User) -> None:
    services.update_profile(account=alice, timezone="Asia/Kathmandu")

    assert "+05:45" in signed_in.get("/account/tokens/").content.decode()


def test_the_tokens_page_shows_balance_and_history_in_pages(
    signed_in: Client, alice: User, django_assert_num_queries: Any
) -> None:
    reference = uuid.uuid4()
    ledger.charge(account=alice, amount=300, reference=reference, attempt=1, note="<b>Hello</b>")
    for _ in range(60):
        ledger.grant(account=alice, amount=1, actor=None, note="one")

    with django_assert_num_queries(4):  # session, account, count, page
        first = signed_in.get("/account/tokens/").content.decode()
    second = signed_in.get("/account/tokens/?page=2").content.decode()

    assert "<strong>9,760</strong> tokens" in first
    assert "Page 1 of 2" in first
    assert "&lt;b&gt;Hello&lt;/b&gt;" in second
    assert "-300" in second
    assert "Welcome" in second


def test_an_account_without_entries_has_an_empty_history(client: Client) -> None:
    client.force_login(make_user(tokens=0))

    assert b"Nothing has come in" in client.get("/account/tokens/").content


def test_changing_the_password_keeps_this_browser_only(
    signed_in: Client, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice)
    with posting():
        response = signed_in.post(
            "/account/password/change/", {"current_password": PASSWORD, "new_password": "another-fine-password"}
        )

    assert response.status_code == 302
    assert signed_in.get(PROFILE).status_code == 200
    assert elsewhere.get(PROFILE).status_code == 302
    assert "was changed" in mailoutbox[0].subject


def test_a_wrong_present_password_or_a_bad_new_one_is_named(signed_in: Client, alice: User) -> None:
    wrong = signed_in.post("/account/password/change/", {"current_password": "x", "new_password": "another-fine-one"})
    weak = signed_in.post("/account/password/change/", {"current_password": PASSWORD, "new_password": "short"})

    assert wrong.status_code == weak.status_code == 422
    assert b'id="id_current_password_error"' in wrong.content
    assert b'id="id_new_password_error"' in weak.content


def test_guessing_the_present_password_is_limited(signed_in: Client, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "password": "2/h"}
    guess = {"current_password": "x", "new_password": "another-fine-one"}

    assert [signed_in.post("/account/password/change/", guess).status_code for _ in range(3)] == [422, 422, 429]
    assert signed_in.post("/account/delete/", {"password": "x"}).status_code == 429


@pytest.mark.parametrize("was_verified", [True, False])
def test_the_address_changes_when_the_new_one_is_confirmed_with_mails_to_both(
    signed_in: Client, alice: User, posting: Posting, mailoutbox: list[EmailMessage], was_verified: bool
) -> None:
    alice.emailaddress_set.update(verified=was_verified)
    with posting():
        response = signed_in.post("/account/email/", {"email": "New@Example.org", "password": PASSWORD})

    assert response.status_code == 302
    to_whom = {mail.to[0]: mail for mail in mailoutbox}
    assert set(to_whom) == {"alice@example.org", "new@example.org"}
    assert "Hello Alice" in to_whom["new@example.org"].body
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    assert "new@example.org" in signed_in.get("/account/email/").content.decode()
    sign_in = {"login": "new@example.org", "password": PASSWORD}
    assert Client().post("/account/login/", sign_in).status_code == 422  # not theirs yet

    with posting():
        signed_in.post(path_in(to_whom["new@example.org"], "/confirm-email/"))

    alice.refresh_from_db()
    assert alice.email == "new@example.org"
    assert [(row.email, row.verified, row.primary) for row in alice.emailaddress_set.all()] == [
        ("new@example.org", True, True)
    ]
    assert mailoutbox[-1].to == ["alice@example.org"]
    assert "was changed" in mailoutbox[-1].subject
    assert signed_in.get(PROFILE).status_code == 200
    assert Client().post("/account/login/", sign_in).status_code == 302


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("bob@example.org", PASSWORD, "email"),
        ("BOB@example.org", PASSWORD, "email"),
        ("alice@example.org", PASSWORD, "email"),
        ("nobody", PASSWORD, "email"),
        ("new@example.org", "not-her-password", "password"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(
    signed_in: Client, bob: User, email: str, password: str, field: str
) -> None:
    response = signed_in.post("/account/email/", {"email": email, "password": password})

    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()
    assert f'value="{email}"' in response.content.decode()
    assert not MailLog.objects.exists()


def test_an_address_that_somebody_else_took_meanwhile_is_not_confirmed(
    signed_in: Client, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    with posting():
        signed_in.post("/account/email/", {"email": "wanted@example.org", "password": PASSWORD})
    make_user(email="wanted@example.org")
    link = path_in(next(mail for mail in mailoutbox if mail.to == ["wanted@example.org"]), "/confirm-email/")

    response = signed_in.post(link, follow=True)

    assert b"belongs to another account" in response.content
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_a_second_wish_replaces_the_first(signed_in: Client, alice: User) -> None:
    signed_in.post("/account/email/", {"email": "first@example.org", "password": PASSWORD})
    signed_in.post("/account/email/", {"email": "second@example.org", "password": PASSWORD})

    assert set(alice.emailaddress_set.values_list("email", flat=True)) == {"alice@example.org", "second@example.org"}


def test_the_mail_to_confirm_is_sent_again(
    signed_in: Client, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    alice.emailaddress_set.update(verified=False)
    assert b"not confirmed yet" in signed_in.get("/account/email/").content
    with posting():
        assert signed_in.post("/account/email/verification/").status_code == 302

    assert mailoutbox[0].subject == "Confirm your e-mail address"
    assert signed_in.get("/account/email/verification/").status_code == 405


def test_deleting_the_account_asks_for_the_password(signed_in: Client, alice: User) -> None:
    assert signed_in.post("/account/delete/", {"password": "x"}).status_code == 422
    response = signed_in.post("/account/delete/", {"password": PASSWORD})

    assert response["Location"] == "/"
    assert signed_in.get(PROFILE).status_code == 302
    alice.refresh_from_db()
    assert alice.is_erased


def test_the_account_page_leads_to_the_profile(signed_in: Client) -> None:
    assert signed_in.get("/account/")["Location"] == PROFILE
