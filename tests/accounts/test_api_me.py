from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import ledger, registry
from accounts.models import User
from tests.factories import make_owner, make_staff

pytestmark = pytest.mark.django_db

URL = "/api/v1/me"
Api = Callable[..., APIClient]


class TwoVoices:
    def is_available(self, voice_id: str) -> bool:
        return voice_id in {"espeak:en-gb", "espeak:de"}

    def choices(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        return [("English", [("espeak:en-gb", "Great Britain")]), ("German", [("espeak:de", "German")])]


@pytest.fixture
def two_voices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_voices", TwoVoices())


def test_it_shows_the_account(api: Api, alice: User) -> None:
    response = api(alice).get(URL)

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            "id": str(alice.public_id),
            "email": "alice@example.org",
            "name": "Alice",
            "bio": "",
            "role": "client",
            "language": "en",
            "timezone": "UTC",
            "defaultVoice": None,
            "tokenBalance": 10_000,
            "emailVerified": True,
            "mfaEnabled": False,
            "createdAt": response.json()["data"]["createdAt"],
        },
    }


def test_only_owners_are_admin(api: Api) -> None:
    assert api(make_owner()).get(URL).json()["data"]["role"] == "admin"
    assert api(make_staff()).get(URL).json()["data"]["role"] == "client"


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_it_needs_credentials(api: Api, method: str) -> None:
    response = getattr(api(), method)(URL, {}, format="json")

    assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("method", ["post", "put"])
def test_a_wrong_method_answers_405(api: Api, alice: User, method: str) -> None:
    response = getattr(api(alice), method)(URL, {}, format="json")

    assert (response.status_code, response.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_the_profile_changes_and_what_is_left_out_stays(api: Api, alice: User, two_voices: None) -> None:
    changes = {
        "name": "Älice",
        "bio": "Line one\nline two",
        "language": "de",
        "timezone": "Europe/Berlin",
        "defaultVoice": "espeak:de",
    }

    first = api(alice).patch(URL, changes, format="json")
    second = api(alice).patch(URL, {"name": "Alice", "role": "admin", "tokenBalance": 5, "email": "x"}, format="json")

    assert first.status_code == second.status_code == 200
    assert {key: first.json()["data"][key] for key in changes} == changes
    data = second.json()["data"]
    assert {key: data[key] for key in changes} == {**changes, "name": "Alice"}
    assert (data["role"], data["tokenBalance"], data["email"]) == ("client", 10_000, "alice@example.org")


def test_no_default_voice_is_null(api: Api, alice: User, two_voices: None) -> None:
    api(alice).patch(URL, {"defaultVoice": "espeak:de"}, format="json")

    response = api(alice).patch(URL, {"defaultVoice": None}, format="json")

    assert response.json()["data"]["defaultVoice"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "n" * 121),
        ("name", 7),
        ("name", None),
        ("name", "bell\x07"),
        ("bio", "b" * 501),
        ("language", "tlh"),
        ("language", "de-DE-x"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("timezone", ""),
        ("defaultVoice", "espeak:klingon"),
        ("defaultVoice", {"id": "espeak:de"}),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(
    api: Api, alice: User, two_voices: None, field: str, value: Any
) -> None:
    response = api(alice).patch(URL, {"bio": "new", field: value}, format="json")

    assert response.status_code == 400
    assert list(response.json()["error"]["details"]) == [field]
    alice.refresh_from_db()
    assert (alice.name, alice.bio) == ("Alice", "")


def test_the_ledger_is_listed_newest_first_and_only_ones_own(api: Api, alice: User, bob: User) -> None:
    reference = uuid.uuid4()
    ledger.charge(account=alice, amount=300, reference=reference, attempt=1, note="Hello")
    ledger.refund(account=alice, reference=reference, attempt=1)

    response = api(alice).get(f"{URL}/tokens")

    rows = response.json()["data"]
    assert response.status_code == 200
    assert [(row["kind"], row["amount"], row["balanceAfter"]) for row in rows] == [
        ("refund", 300, 10_000),
        ("charge", -300, 9_700),
        ("welcome", 10_000, 10_000),
    ]
    assert rows[1]["reference"] == str(reference)
    assert rows[1]["note"] == "Hello"
    assert rows[2]["reference"] is None
    assert set(rows[0]) == {"id", "kind", "amount", "balanceAfter", "reference", "note", "createdAt"}
    assert response.json()["meta"] == {"limit": 20, "nextCursor": None, "previousCursor": None}


def test_the_ledger_is_paged_and_costs_the_same_however_long(
    api: Api, alice: User, django_assert_num_queries: Any
) -> None:
    for number in range(7):
        ledger.grant(account=alice, amount=number + 1, actor=None, note="")
    client = api(alice)
    seen: list[int] = []
    cursor = ""
    while True:
        with django_assert_num_queries(2):
            body = client.get(f"{URL}/tokens?limit=3{cursor}").json()
        seen += [row["amount"] for row in body["data"]]
        if body["meta"]["nextCursor"] is None:
            break
        cursor = f"&cursor={body['meta']['nextCursor']}"

    assert seen == [7, 6, 5, 4, 3, 2, 1, 10_000]


def test_a_cursor_shows_nothing_of_another_account(api: Api, alice: User, charlie: User) -> None:
    for _ in range(3):
        ledger.grant(account=alice, amount=5, actor=None, note="secret")
    cursor = api(alice).get(f"{URL}/tokens?limit=1").json()["meta"]["nextCursor"]

    rows = api(charlie).get(f"{URL}/tokens?cursor={cursor}").json()["data"]

    assert "secret" not in {row["note"] for row in rows}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "sort=amount"])
def test_bad_parameters_of_the_list_are_named(api: Api, alice: User, query: str) -> None:
    response = api(alice).get(f"{URL}/tokens?{query}")

    assert response.status_code == 400
    assert list(response.json()["error"]["details"]) == [query.split("=")[0]]
    assert api().get(f"{URL}/tokens").status_code == 401
    assert api(alice).post(f"{URL}/tokens").status_code == 405
