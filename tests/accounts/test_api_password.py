"""Reset, change and verification through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from django.core.mail import EmailMessage
from django.test import Client
from rest_framework.test import APIClient

from accounts import services, sign_ins
from accounts.models import MailLog, User
from tests.accounts.conftest import Posting, path_in
from tests.factories import PASSWORD, make_owner

pytestmark = pytest.mark.django_db

RESET, CHANGE, VERIFICATION = (f"/api/v1/auth/{part}" for part in ("password/reset", "password/change", "verification"))
NEW = "another-fine-password"
Api = Callable[..., APIClient]


def test_a_reset_mails_a_link_that_works_once(
    api: Api, alice: User, posting: Posting, mailoutbox: list[EmailMessage], caplog: pytest.LogCaptureFixture
) -> None:
    pair = sign_ins.start(account=alice)
    with posting():
        response = api().post(RESET, {"email": "Alice@Example.org"}, format="json")
    assert response.status_code == 202
    assert mailoutbox[0].to == ["alice@example.org"]
    path = path_in(mailoutbox[0], "/password/reset/key/")

    browser = Client()
    page = browser.get(path, follow=True)
    form_url = page.redirect_chain[-1][0]
    assert "set-password" in form_url  # the secret is out of the address bar
    weak = browser.post(form_url, {"password1": "short"})
    assert weak.status_code == 422
    done = browser.post(form_url, {"password1": NEW}, follow=True)

    assert done.status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert api().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {pair.access}").status_code == 401
    assert b"does not work any more" in Client().get(path).content
    secret = path.split("/")[-2].split("-", 1)[1]
    assert secret not in caplog.text
    assert secret not in str(list(MailLog.objects.values()))


def test_a_reset_says_the_same_whether_or_not_there_is_an_account(
    api: Api, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    services.suspend(account=alice, reason="Spam", actor=make_owner())
    with posting():
        answers = [api().post(RESET, {"email": email}, format="json") for email in ("alice@example.org", "no@one.org")]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    assert mailoutbox == []


def test_a_link_dies_with_time(alice: User, settings: Any) -> None:
    token = default_token_generator.make_token(alice)
    assert default_token_generator.check_token(alice, token)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert not default_token_generator.check_token(alice, token)


@pytest.mark.parametrize("url", [RESET, VERIFICATION])
def test_mails_to_one_address_are_limited(api: Api, alice: User, settings: Any, url: str) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "mail": "2/h"}

    answers = [
        APIClient(REMOTE_ADDR=f"203.0.113.{number}").post(url, {"email": "alice@example.org"}, format="json")
        for number in range(1, 4)
    ]

    assert [answer.status_code for answer in answers] == [202, 202, 429]


@pytest.mark.parametrize("url", [RESET, VERIFICATION])
@pytest.mark.parametrize("body", [{}, {"email": "nobody"}, {"email": 5}])
def test_a_bad_e_mail_is_named(api: Api, url: str, body: Any) -> None:
    response = api().post(url, body, format="json")

    assert (response.status_code, list(response.json()["error"]["details"])) == (400, ["email"])
    assert api().get(url).status_code == 405


def test_a_change_ends_every_refresh_token(
    api: Api, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    client, elsewhere = api(alice), sign_ins.start(account=alice)

    with posting():
        response = client.post(CHANGE, {"currentPassword": PASSWORD, "newPassword": NEW}, format="json")

    assert (response.status_code, response.content) == (204, b"")
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    refreshed = api().post("/api/v1/auth/refresh", {"refreshToken": elsewhere.refresh}, format="json")
    assert refreshed.status_code == 401
    assert client.get("/api/v1/me").status_code == 401
    assert "was changed" in mailoutbox[0].subject


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"currentPassword": "not-her-password", "newPassword": NEW}, "currentPassword"),
        ({"currentPassword": PASSWORD, "newPassword": "short"}, "newPassword"),
        ({"currentPassword": PASSWORD, "newPassword": "alice@example"}, "newPassword"),
        ({"currentPassword": PASSWORD}, "newPassword"),
        ({"currentPassword": 5, "newPassword": NEW}, "currentPassword"),
    ],
)
def test_a_bad_change_names_the_field(api: Api, alice: User, body: Any, field: str) -> None:
    response = api(alice).post(CHANGE, body, format="json")

    assert (response.status_code, list(response.json()["error"]["details"])) == (400, [field])
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_change_needs_credentials(api: Api) -> None:
    assert api().post(CHANGE, {"currentPassword": PASSWORD, "newPassword": NEW}, format="json").status_code == 401


def test_the_verification_mail_is_sent_again_while_there_is_something_to_confirm(
    api: Api, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    with posting():
        confirmed = api().post(VERIFICATION, {"email": "alice@example.org"}, format="json")
    assert (confirmed.status_code, mailoutbox) == (202, [])
    alice.emailaddress_set.update(verified=False)

    with posting():
        api().post(VERIFICATION, {"email": "alice@example.org"}, format="json")
        api().post(VERIFICATION, {"email": "nobody@example.org"}, format="json")

    assert [mail.to for mail in mailoutbox] == [["alice@example.org"]]
    browser, path = Client(), path_in(mailoutbox[0], "/confirm-email/")
    assert b"alice@example.org" in browser.get(path).content
    assert not alice.emailaddress_set.get().verified  # looking at it, as mail scanners do, confirms nothing
    browser.post(path)
    assert alice.emailaddress_set.get().verified
