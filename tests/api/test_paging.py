"""Lists by cursor: nothing is lost or shown twice, whatever is added meanwhile."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone

from accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]

URL = "/api/v1/test/names"


def make_rows(*names: str, same_moment: bool = False) -> None:
    now = timezone.now()
    for place, name in enumerate(names):
        row = User.objects.create(email=f"{name}-{User.objects.count()}@rows.example", name=name, bio="row")
        moment = now if same_moment else now + timedelta(seconds=place)
        User.objects.filter(pk=row.pk).update(created_at=moment)


def walk(client: Any, query: str, *, cursor_name: str = "nextCursor", start: str | None = None) -> list[list[str]]:
    pages = []
    cursor = start
    while True:
        response = client.get(f"{URL}?{query}" + (f"&cursor={cursor}" if cursor else ""))
        assert response.status_code == 200, response.content
        pages.append([row["name"] for row in response.json()["data"]])
        cursor = response.json()["meta"][cursor_name]
        if cursor is None:
            return pages


@pytest.fixture
def client_of_alice(api, alice) -> Any:
    return api(alice)


def test_the_newest_come_first_twenty_a_page(client_of_alice) -> None:
    make_rows(*[f"row {number:02}" for number in range(25)])

    body = client_of_alice.get(URL).json()

    assert body["success"] is True
    assert [row["name"] for row in body["data"]] == [f"row {number:02}" for number in range(24, 4, -1)]
    assert body["meta"]["limit"] == 20
    assert body["meta"]["previousCursor"] is None
    assert body["meta"]["nextCursor"]


@pytest.mark.parametrize("same_moment", [False, True])
@pytest.mark.parametrize("sort", ["createdAt", "-createdAt", "name", "-name"])
def test_walking_there_and_back_shows_each_row_once(client_of_alice, sort: str, same_moment: bool) -> None:
    make_rows("a", "b", "b", "b", "c", "d", "e", same_moment=same_moment)

    pages = walk(client_of_alice, f"limit=3&sort={sort}")

    names = [name for page in pages for name in page]
    expected = sorted("abbbcde", reverse=sort.startswith("-"))
    assert names == expected or (same_moment and sorted(names) == sorted(expected))
    assert [len(page) for page in pages] == [3, 3, 1]
    last = None
    cursor = None
    for _page in pages:
        last = client_of_alice.get(f"{URL}?limit=3&sort={sort}" + (f"&cursor={cursor}" if cursor else "")).json()
        cursor = last["meta"]["nextCursor"]
    start = last["meta"]["previousCursor"]
    back = walk(client_of_alice, f"limit=3&sort={sort}", cursor_name="previousCursor", start=start)
    assert back == [pages[1], pages[0]]


def test_rows_that_are_added_move_nothing(client_of_alice) -> None:
    make_rows("a", "b", "c", "d")
    first = client_of_alice.get(f"{URL}?limit=2").json()
    make_rows("later")
    User.objects.filter(name="later").update(created_at=timezone.now() + timedelta(hours=1))

    second = client_of_alice.get(f"{URL}?limit=2&cursor={first['meta']['nextCursor']}").json()

    assert [row["name"] for row in first["data"]] == ["d", "c"]
    assert [row["name"] for row in second["data"]] == ["b", "a"]
    assert second["meta"]["nextCursor"] is None
    back = client_of_alice.get(f"{URL}?limit=2&cursor={second['meta']['previousCursor']}").json()
    assert [row["name"] for row in back["data"]] == ["d", "c"]
    assert back["meta"]["previousCursor"], "the new row is before them"


def test_an_empty_list_has_no_neighbours(client_of_alice) -> None:
    assert client_of_alice.get(URL).json() == {
        "success": True,
        "data": [],
        "meta": {"limit": 20, "nextCursor": None, "previousCursor": None},
    }


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.0", "9" * 30, "%00"])
def test_a_limit_out_of_range_is_refused(client_of_alice, limit: str) -> None:
    response = client_of_alice.get(f"{URL}?limit={limit}")

    assert response.status_code == 400
    assert list(response.json()["error"]["details"]) == ["limit"]


@pytest.mark.parametrize("sort", ["unknown", "created_at", "-", "--name", "", "password", "name,createdAt"])
def test_an_unknown_sort_is_refused(client_of_alice, sort: str) -> None:
    response = client_of_alice.get(f"{URL}?sort={sort}")

    assert response.status_code == 400
    assert list(response.json()["error"]["details"]) == ["sort"]


@pytest.mark.parametrize(
    "cursor",
    ["AAAA", "%00", "", "x", "cD0x", "a:b", ".eJw:x", "%ff", "😀", base64.b64encode(b'["x"]').decode(), "a" * 3000],
)
def test_a_broken_cursor_is_refused(client_of_alice, cursor: str) -> None:
    make_rows("a")

    response = client_of_alice.get(f"{URL}?cursor={cursor}")

    assert response.status_code == 400
    assert list(response.json()["error"]["details"]) == ["cursor"]


def test_a_cursor_that_was_changed_or_is_another_sorts_is_refused(client_of_alice) -> None:
    make_rows("a", "b")
    cursor = client_of_alice.get(f"{URL}?limit=1").json()["meta"]["nextCursor"]
    payload, _colon, signature = cursor.rpartition(":")
    foreign = signing.Signer(salt="micdots.api.cursor").sign_object(["another.model", "-createdAt", False, [1, 1]])

    assert client_of_alice.get(f"{URL}?cursor={cursor}").status_code == 200
    for broken, sort in (
        (f"{payload[:-1]}:{signature}", "-createdAt"),
        (cursor[:-1], "-createdAt"),
        (foreign, "-createdAt"),
        (cursor, "name"),
        (cursor, "createdAt"),
    ):
        assert client_of_alice.get(f"{URL}?cursor={broken}&sort={sort}").status_code == 400


def test_the_page_costs_the_same_with_many_rows(client_of_alice, django_assert_max_num_queries) -> None:
    make_rows(*[f"row {number}" for number in range(60)])
    cursor = client_of_alice.get(f"{URL}?limit=5").json()["meta"]["nextCursor"]

    for limit in (5, 50):
        with django_assert_max_num_queries(2):  # credentials, and the page
            client_of_alice.get(f"{URL}?limit={limit}&cursor={cursor}")
