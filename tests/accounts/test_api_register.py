from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from rest_framework.test import APIClient

from accounts.models import TokenEntry, User
from tests.accounts.conftest import Posting
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

URL = "/api/v1/auth/register"
Api = Callable[..., APIClient]


def register(api: Api, **body: Any) -> Any:
    return api().post(URL, {"email": "new@example.org", "password": PASSWORD, **body}, format="json")


def test_it_makes_an_account_with_welcome_tokens_and_signs_in(
    api: Api, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    with posting():
        response = register(api, email="New@Example.ORG", name="  New  Person ")

    data = response.json()["data"]
    assert response.status_code == 201
    assert data["tokenType"] == "Bearer"
    assert data["expiresIn"] == 3600
    user = data["user"]
    assert (user["email"], user["name"], user["role"]) == ("new@example.org", "New Person", "client")
    assert (user["tokenBalance"], user["emailVerified"], user["mfaEnabled"]) == (10_000, False, False)
    assert set(user) == {
        "id", "email", "name", "bio", "role", "language", "timezone", "defaultVoice", "tokenBalance", "emailVerified",
        "mfaEnabled", "createdAt",
    }  # fmt: skip
    assert user["createdAt"].endswith("Z")
    account = User.objects.get(public_id=user["id"])
    assert TokenEntry.objects.get(account=account).kind == "welcome"
    assert [mail.to for mail in mailoutbox] == [["new@example.org"]]
    me = APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {data['accessToken']}")
    assert me.json()["data"] == user


def test_a_taken_e_mail_is_a_conflict_in_any_letter_case(api: Api, alice: User) -> None:
    response = register(api, email="ALICE@example.org")

    assert response.status_code == 409
    assert response.json()["error"]["code"] == "CONFLICT"
    assert User.objects.count() == 1


def test_an_address_that_another_account_confirmed_is_taken_too(api: Api, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="second@example.org", verified=True)

    assert register(api, email="second@example.org").status_code == 409


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "too short"),
        ("x" * 129, "too long"),
        ("password123", "too common"),
        ("new@example.org", "too similar"),
        (1234567890, "must be text"),
        ("tall-grass\x00sings", "character"),
        (None, "null"),
    ],
)
def test_a_bad_password_is_named(api: Api, password: Any, words: str) -> None:
    response = register(api, password=password)

    assert response.status_code == 400
    assert words in response.json()["error"]["details"]["password"][0]
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@example.org", 7, None, "x" * 250 + "@example.org"])
def test_a_bad_e_mail_is_named(api: Api, email: Any) -> None:
    response = register(api, email=email)

    assert response.status_code == 400
    assert list(response.json()["error"]["details"]) == ["email"]


def test_a_name_that_is_too_long_is_named(api: Api) -> None:
    assert list(register(api, name="n" * 121).json()["error"]["details"]) == ["name"]


def test_closed_sign_up_is_forbidden(api: Api, settings: Any) -> None:
    settings.SIGNUP_OPEN = False

    response = register(api)

    assert (response.status_code, response.json()["error"]["code"]) == (403, "FORBIDDEN")


def test_where_verification_is_required_there_are_no_tokens_yet(api: Api, settings: Any) -> None:
    settings.EMAIL_VERIFICATION_REQUIRED = True

    response = register(api)

    assert response.status_code == 201
    assert response.json()["data"]["accessToken"] is None
    assert response.json()["data"]["refreshToken"] is None
    login = api().post("/api/v1/auth/login", {"email": "new@example.org", "password": PASSWORD}, format="json")
    assert (login.status_code, login.json()["error"]["code"]) == (403, "EMAIL_NOT_VERIFIED")


def test_a_wrong_method_answers_405(api: Api) -> None:
    assert api().get(URL).status_code == 405


def test_it_is_limited(api: Api, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "register": "2/h"}

    answers = [register(api, email=f"n{number}@example.org") for number in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[-1]["Retry-After"]) >= 1
    assert "register" in answers[0]["RateLimit-Policy"]
