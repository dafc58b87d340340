from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts import erasure, services, sign_ins
from accounts.models import TokenFamily, User
from tests.factories import make_owner, make_user

pytestmark = pytest.mark.django_db

URL = "/api/v1/auth/refresh"
Api = Callable[..., APIClient]


def trade(token: Any) -> Any:
    return APIClient().post(URL, {"refreshToken": token}, format="json")


def me(access: str) -> int:
    return APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {access}").status_code


def test_it_gives_a_new_pair(alice: User) -> None:
    first = sign_ins.start(account=alice)

    response = trade(first.refresh)

    data = response.json()["data"]
    assert response.status_code == 200
    assert set(data) == {"accessToken", "refreshToken", "tokenType", "expiresIn"}
    assert data["refreshToken"] != first.refresh
    assert me(data["accessToken"]) == 200
    assert trade(data["refreshToken"]).status_code == 200


def test_a_refresh_token_lives_for_thirty_days(alice: User) -> None:
    token = RefreshToken(sign_ins.start(account=alice).refresh)

    assert token["exp"] - token["iat"] == timedelta(days=30).total_seconds()
    family = TokenFamily.objects.get()
    assert abs(family.expires_at - family.created_at - timedelta(days=30)) < timedelta(minutes=1)


def test_the_old_one_is_dead_and_its_reuse_ends_the_whole_family(alice: User) -> None:
    first = sign_ins.start(account=alice)
    elsewhere = sign_ins.start(account=alice)
    second = trade(first.refresh).json()["data"]

    response = trade(first.refresh)

    assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert trade(second["refreshToken"]).status_code == 401
    assert me(second["accessToken"]) == me(first.access) == 401
    assert me(elsewhere.access) == 200
    assert trade(elsewhere.refresh).status_code == 200


def test_nothing_in_the_database_signs_anybody_in(alice: User) -> None:
    sign_ins.start(account=alice)

    assert OutstandingToken.objects.get().token == ""


@pytest.mark.parametrize("token", ["", "x", "a.b.c", 7, None, "x" * 4001])
def test_what_is_no_token_is_refused(db: None, token: Any) -> None:
    assert trade(token).status_code in {400, 401}


def test_an_access_token_cannot_be_traded(alice: User) -> None:
    assert trade(sign_ins.start(account=alice).access).status_code == 401


def test_a_token_that_has_run_out_is_refused(alice: User, settings: Any) -> None:
    token = RefreshToken(sign_ins.start(account=alice).refresh)
    token.set_exp(lifetime=timedelta(seconds=-1))

    assert trade(str(token)).status_code == 401


def test_a_changed_password_ends_all_of_them(alice: User) -> None:
    pair = sign_ins.start(account=alice)
    services.set_password(account=alice, password="another-fine-password")

    assert trade(pair.refresh).status_code == me(pair.access) == 401


def test_a_password_that_was_changed_past_our_services_does_too(alice: User) -> None:
    pair = sign_ins.start(account=alice)
    alice.set_password("set-with-manage-py")
    alice.save()

    assert trade(pair.refresh).status_code == me(pair.access) == 401


def test_signing_out_everywhere_ends_all_of_them(alice: User) -> None:
    pair = sign_ins.start(account=alice)
    services.sign_out_everywhere(account=alice)

    assert trade(pair.refresh).status_code == me(pair.access) == 401


def test_suspension_ends_all_of_them_at_once_and_for_good(alice: User) -> None:
    pair = sign_ins.start(account=alice)
    owner = make_owner()
    services.suspend(account=alice, reason="Spam", actor=owner)

    for response in (trade(pair.refresh), APIClient().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {pair.access}")):
        assert (response.status_code, response.json()["error"]["code"]) == (403, "ACCOUNT_SUSPENDED")

    services.lift_suspension(account=alice, reason="Explained", actor=owner)
    assert trade(pair.refresh).status_code == me(pair.access) == 401


def test_erasure_ends_all_of_them(alice: User) -> None:
    pair = sign_ins.start(account=alice)
    erasure.erase(account=alice)

    assert trade(pair.refresh).status_code == me(pair.access) == 401
    assert not OutstandingToken.objects.exists()


def test_a_wrong_method_answers_405() -> None:
    assert APIClient().get(URL).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_of_eight_uses_at_once_at_most_one_gets_tokens() -> None:
    pair = sign_ins.start(account=make_user())
    barrier = threading.Barrier(8)

    def use(_number: int) -> int:
        try:
            barrier.wait(timeout=30)
            return int(trade(pair.refresh).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(use, range(8)))

    assert outcomes == [200, *[401] * 7]
    assert TokenFamily.objects.get().ended_at is not None


def test_logging_out_ends_the_family_and_its_access_tokens(alice: User) -> None:
    pair, elsewhere = sign_ins.start(account=alice), sign_ins.start(account=alice)

    response = APIClient().post("/api/v1/auth/logout", {"refreshToken": pair.refresh}, format="json")

    assert (response.status_code, response.content) == (204, b"")
    assert trade(pair.refresh).status_code == me(pair.access) == 401
    assert me(elsewhere.access) == 200
    again = APIClient().post("/api/v1/auth/logout", {"refreshToken": pair.refresh}, format="json")
    assert again.status_code == 204


def test_logging_out_with_something_else_is_refused(db: None) -> None:
    assert APIClient().post("/api/v1/auth/logout", {"refreshToken": "x"}, format="json").status_code == 401
    assert APIClient().post("/api/v1/auth/logout", {}, format="json").status_code == 400
    assert APIClient().get("/api/v1/auth/logout").status_code == 405


def test_a_call_with_a_token_costs_one_query_for_who_it_is(
    alice: User, api: Api, django_assert_num_queries: Any
) -> None:
    client = api(alice)
    with django_assert_num_queries(2):  # who it is, and whether the address is confirmed
        assert client.get("/api/v1/me").status_code == 200
