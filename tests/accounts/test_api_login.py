from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth import hashers
from rest_framework.test import APIClient

from accounts import erasure, services
from accounts.models import User
from tests.factories import PASSWORD, make_owner

pytestmark = pytest.mark.django_db

URL = "/api/v1/auth/login"
Api = Callable[..., APIClient]


def login(api: Api, email: str = "alice@example.org", password: Any = PASSWORD) -> Any:
    return api().post(URL, {"email": email, "password": password}, format="json")


def me(token: str) -> Any:
    return APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {token}")


def test_it_answers_as_register_does_whatever_the_letter_case(api: Api, alice: User) -> None:
    response = login(api, email="ALICE@Example.org")

    data = response.json()["data"]
    assert response.status_code == 200
    assert set(data) == {"user", "accessToken", "refreshToken", "tokenType", "expiresIn"}
    assert data["user"]["id"] == str(alice.public_id)
    assert me(data["accessToken"]).status_code == 200
    alice.refresh_from_db()
    assert alice.last_login is not None


def test_unknown_addresses_and_wrong_passwords_look_the_same(api: Api, alice: User) -> None:
    wrong, unknown = login(api, password="not-her-password"), login(api, email="nobody@example.org")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["error"]["code"] == "UNAUTHORIZED"


def test_unknown_addresses_cost_a_hash_like_wrong_passwords(api: Api, alice: User) -> None:
    hasher = type(hashers.get_hasher())
    with patch.object(hasher, "encode", autospec=True, side_effect=hasher.encode) as for_a_wrong_one:
        login(api, password="not-her-password")
    with patch.object(hasher, "encode", autospec=True, side_effect=hasher.encode) as for_an_unknown_one:
        login(api, email="nobody@example.org")

    assert for_a_wrong_one.call_count == for_an_unknown_one.call_count > 0


def test_a_suspended_account_is_told_so_only_with_the_right_password(api: Api, alice: User) -> None:
    services.suspend(account=alice, reason="Spam", actor=make_owner())

    assert login(api, password="not-her-password").json()["error"]["code"] == "UNAUTHORIZED"
    response = login(api)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "ACCOUNT_SUSPENDED")


def test_an_erased_account_is_unknown(api: Api, alice: User) -> None:
    erasure.erase(account=alice)

    assert login(api).status_code == 401


def test_where_verification_is_required_an_unconfirmed_address_stays_out(api: Api, alice: User, settings: Any) -> None:
    settings.EMAIL_VERIFICATION_REQUIRED = True
    assert login(api).status_code == 200

    alice.emailaddress_set.update(verified=False)

    assert login(api).json()["error"]["code"] == "EMAIL_NOT_VERIFIED"
    assert login(api, password="not-her-password").json()["error"]["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("body", [{}, {"email": "alice@example.org"}, {"email": 1, "password": 2}, [], "text", None])
def test_bad_input_is_a_validation_error(api: Api, alice: User, body: Any) -> None:
    response = api().post(URL, body, format="json")

    assert (response.status_code, response.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_a_wrong_method_answers_405(api: Api) -> None:
    assert api().get(URL).status_code == 405


def test_attempts_on_one_account_are_limited_from_wherever_they_come(api: Api, alice: User, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": "3/m"}

    def attempt(number: int, email: str = "alice@example.org") -> int:
        client = APIClient(REMOTE_ADDR=f"203.0.113.{number}")
        return client.post(URL, {"email": email, "password": "wrong-password"}, format="json").status_code

    assert [attempt(number) for number in range(1, 5)] == [401, 401, 401, 429]
    assert attempt(5, email="ALICE@example.org") == 429
    assert attempt(6, email="bob@example.org") == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ä",
        "Api-Key abc",
        "Basic YWxpY2U6cHc=",
        "nonsense",
        "Bearer a b",
    ],
)
def test_credentials_that_are_none_answer_401(header: str) -> None:
    response = APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=header)

    assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_refresh_token_is_no_access_token(api: Api, alice: User) -> None:
    assert me(login(api).json()["data"]["refreshToken"]).status_code == 401


def test_a_session_of_the_pages_does_not_open_the_api(alice: User) -> None:
    client = APIClient()
    client.force_login(alice)

    assert client.get("/api/v1/me").status_code == 401


def test_what_comes_later_is_not_there_yet(api: Api, alice: User) -> None:
    for path in ("auth/mfa", "me/export", "api-keys"):
        response = api(alice).get(f"/api/v1/{path}")
        assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND"), path
