"""Sign-up, sign-in, sign-out and the way back in, in the browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import User
from tests.accounts.conftest import Posting, path_in
from tests.factories import PASSWORD, make_owner, make_user

pytestmark = pytest.mark.django_db

SIGN_IN, SIGN_UP, PROFILE = "/account/login/", "/account/signup/", "/account/profile/"


def sign_up(client: Client, **data: str) -> Any:
    return client.post(SIGN_UP, {"email": "new@example.org", "password1": PASSWORD, "name": "New", **data})


def sign_in(client: Client, email: str = "alice@example.org", password: str = PASSWORD, **data: str) -> Any:
    return client.post(SIGN_IN, {"login": email, "password": password, **data})


def is_signed_in(client: Client) -> bool:
    return bool(client.get(PROFILE).status_code == 200)


def limit(settings: Any, **rates: str) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, **rates}


@pytest.mark.parametrize("path", [SIGN_IN, SIGN_UP, "/account/password/reset/"])
def test_forms_are_labelled_and_say_what_belongs_in_them(client: Client, path: str) -> None:
    page = client.get(path).content.decode()

    assert page.count("<h1") == 1
    assert 'autocomplete="email"' in page
    assert 'style="' not in page
    assert page.count("<label") == page.count('class="field"')


def test_signing_up_signs_in_and_sends_one_mail(
    client: Client, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    with posting():
        response = sign_up(client, email="New@Example.org")

    assert (response.status_code, response["Location"]) == (302, "/home")
    assert is_signed_in(client)
    account = User.objects.get(email="new@example.org")
    assert account.token_balance == 10_000
    assert [mail.subject for mail in mailoutbox] == ["Welcome to MicDots"]

    confirmed = client.post(path_in(mailoutbox[0], "/confirm-email/"))
    assert confirmed.status_code == 302
    assert account.emailaddress_set.get().verified
    assert b"does not work any more" in Client().get(path_in(mailoutbox[0], "/confirm-email/")).content


def test_what_was_typed_stays_when_something_is_wrong(client: Client, alice: User) -> None:
    for data, words in (
        ({"password1": "short"}, "too short"),
        ({"password1": "password123"}, "too common"),
        ({"email": "alice@example.org"}, "already"),
        ({"email": "nobody"}, "valid email"),
        ({"name": "bell\x07"}, "character"),
    ):
        response = sign_up(client, **data)
        page = response.content.decode()
        assert response.status_code == 422
        assert words in page
        assert f'value="{data.get("email", "new@example.org")}"' in page
        assert 'id="error-summary"' in page
        assert 'aria-invalid="true"' in page
        assert PASSWORD not in page
    assert User.objects.count() == 1


def test_an_address_taken_a_moment_ago_is_an_error_on_the_form(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "is_email_taken", lambda email, but_for=None: False)
    monkeypatch.setattr("allauth.account.forms.email_already_exists", lambda email, **kwargs: (email, False))

    response = sign_up(client, email="alice@example.org")

    assert response.status_code == 422
    assert b"already" in response.content


def test_closed_sign_up_has_a_clear_page(client: Client, settings: Any) -> None:
    settings.SIGNUP_OPEN = False

    assert client.get(SIGN_UP).status_code == 403
    assert b"Sign-up is closed" in client.get(SIGN_UP).content
    assert sign_up(client).status_code == 403
    assert not User.objects.exists()


def test_sign_up_is_limited_and_keeps_what_was_typed(client: Client, settings: Any) -> None:
    limit(settings, register="1/h")
    sign_up(client)
    visitor = Client()

    response = sign_up(visitor, email="second@example.org")

    assert response.status_code == 429
    assert b'value="second@example.org"' in response.content


def test_signing_in_and_out(client: Client, alice: User) -> None:
    assert client.get(PROFILE)["Location"] == f"{SIGN_IN}?next={PROFILE}"
    response = sign_in(client, email="ALICE@example.org", next=PROFILE)
    assert response["Location"] == PROFILE
    assert is_signed_in(client)

    assert client.get("/account/logout/").status_code == 200
    assert is_signed_in(client)
    assert client.post("/account/logout/")["Location"] == "/"
    assert not is_signed_in(client)


def test_nobody_is_led_to_another_site(client: Client, alice: User) -> None:
    assert sign_in(client, next="https://evil.example/")["Location"] == "/home"


def test_wrong_passwords_and_unknown_addresses_look_the_same(client: Client, alice: User) -> None:
    wrong, unknown = sign_in(client, password="not-her-password"), sign_in(client, email="nobody@example.org")

    assert wrong.status_code == unknown.status_code == 422
    words = "The e-mail address or the password is wrong."
    assert wrong.content.decode().count(words) == unknown.content.decode().count(words) == 1
    assert b'value="alice@example.org"' in wrong.content


def test_attempts_are_limited_by_account_and_the_address_stays_typed(alice: User, settings: Any) -> None:
    limit(settings, login="2/m")
    for number in (1, 2):
        assert sign_in(Client(REMOTE_ADDR=f"203.0.113.{number}"), password="wrong").status_code == 422

    response = sign_in(Client(REMOTE_ADDR="203.0.113.3"))

    assert response.status_code == 429
    assert b'value="alice@example.org"' in response.content
    assert "login" in response["RateLimit-Policy"]


def test_a_suspended_account_is_signed_out_at_once_and_told_why_it_cannot_sign_in(client: Client, alice: User) -> None:
    sign_in(client)
    owner = make_owner()
    services.suspend(account=alice, reason="Spam", actor=owner)

    assert not is_signed_in(client)
    assert b"suspended" in sign_in(client).content
    assert b"suspended" not in sign_in(client, password="not-her-password").content
    assert not is_signed_in(client)

    services.lift_suspension(account=alice, reason="Explained", actor=owner)
    assert not is_signed_in(client)
    sign_in(client)
    assert is_signed_in(client)


def test_suspension_is_seen_without_our_service_too(client: Client, alice: User) -> None:
    sign_in(client)
    User.objects.filter(pk=alice.pk).update(suspended_at=timezone.now())

    assert not is_signed_in(client)


class TestWhereVerificationIsRequired:
    @pytest.fixture(autouse=True)
    def required(self, settings: Any) -> None:
        settings.EMAIL_VERIFICATION_REQUIRED = True
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    def test_one_signs_in_after_confirming(
        self, client: Client, posting: Posting, mailoutbox: list[EmailMessage]
    ) -> None:
        with posting():
            response = sign_up(client)
        assert response["Location"] == "/account/confirm-email/"
        assert b"Open the link" in client.get(response["Location"]).content
        assert not is_signed_in(client)
        assert len(mailoutbox) == 1

        with posting():
            assert sign_in(client, email="new@example.org")["Location"] == "/account/confirm-email/"
        assert not is_signed_in(client)
        assert mailoutbox[1].subject == "Confirm your e-mail address"

        client.post(path_in(mailoutbox[1], "/confirm-email/"))
        sign_in(client, email="new@example.org")
        assert is_signed_in(client)

    def test_signing_up_with_a_taken_address_tells_its_owner_only(
        self, client: Client, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
    ) -> None:
        fresh = sign_up(Client())
        with posting():
            taken = sign_up(client, email="alice@example.org")

        assert (taken.status_code, taken["Location"]) == (fresh.status_code, fresh["Location"])
        assert [(mail.to, mail.subject) for mail in mailoutbox] == [
            (["alice@example.org"], "You have an account already")
        ]


def test_the_way_back_in_says_the_same_for_everybody(
    client: Client, alice: User, posting: Posting, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    with posting():
        known = client.post("/account/password/reset/", {"email": "Alice@example.org"}, follow=True)
        unknown = client.post("/account/password/reset/", {"email": "nobody@example.org"}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain
    assert [mail.to for mail in mailoutbox] == [["alice@example.org"]]
    limit(settings, mail="1/h")
    client.post("/account/password/reset/", {"email": "alice@example.org"})
    limited = client.post("/account/password/reset/", {"email": "alice@example.org"})
    assert limited.status_code == 429
    assert b'value="alice@example.org"' in limited.content


def test_setting_a_password_by_mail_signs_out_everywhere(
    client: Client, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    elsewhere = Client()
    sign_in(elsewhere)
    with posting():
        client.post("/account/password/reset/", {"email": "alice@example.org"})
    page = client.get(path_in(mailoutbox[0], "/password/reset/key/"), follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": "another-fine-password"})

    assert not is_signed_in(elsewhere)
    sign_in(client, password="another-fine-password")
    assert is_signed_in(client)


def test_somebody_without_a_password_can_set_one(client: Client, posting: Posting, mailoutbox: list[Any]) -> None:
    guest = make_user(email="guest@example.org")
    guest.set_unusable_password()
    guest.save()
    with posting():
        client.post("/account/password/reset/", {"email": "guest@example.org"})

    assert client.get(path_in(mailoutbox[0], "/password/reset/key/")).status_code == 302


@pytest.mark.parametrize(
    "path", [PROFILE, "/account/tokens/", "/account/email/", "/account/password/change/", "/account/delete/"]
)
def test_pages_about_the_account_need_a_sign_in_and_refuse_odd_methods(client: Client, alice: User, path: str) -> None:
    assert client.get(path)["Location"].startswith(SIGN_IN)
    client.force_login(alice)
    assert client.get(path).status_code == 200
    assert client.put(path).status_code == 405
