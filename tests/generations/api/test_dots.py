"""GET dots: the account's dots."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generations import renditions, services
from generations.models import Dot
from tests.factories import make_dot, make_generation
from tests.generations.api.checks import DOT, RENDITION, both_forms, refused, rows_of, walk, wrong_methods

pytestmark = pytest.mark.django_db
URL = "/api/v1/dots"


@pytest.fixture
def client(api, alice, voice):
    return api(alice)


def titles(response) -> list[str]:
    return [row["title"] for row in rows_of(response)]


def test_the_list_holds_ones_own_newest_first(client, api, alice, charlie):
    for number in range(3):
        make_dot(owner=alice, title=f"Dot {number}")
    assert titles(client.get(URL)) == ["Dot 2", "Dot 1", "Dot 0"]
    assert titles(client.get(f"{URL}?sort=title")) == ["Dot 0", "Dot 1", "Dot 2"]
    assert titles(client.get(f"{URL}?sort=updatedAt&limit=1")) == ["Dot 0"]
    assert rows_of(client.get(URL))[0].keys() == DOT
    assert titles(api(charlie).get(URL)) == []
    refused(api().get(URL), 401, "UNAUTHORIZED")
    both_forms(client, URL)


def test_pages_show_every_row_once_while_rows_are_added(client, alice):
    for number in range(7):
        make_dot(owner=alice, title=f"Dot {number}")
    seen = walk(client, f"{URL}?limit=3", meanwhile=lambda: make_dot(owner=alice, title="New"))
    assert [row["title"] for row in seen] == [f"Dot {number}" for number in range(6, -1, -1)]


def test_pages_go_by_title_too(client, alice):
    for title in ("b", "a", "c", "b", "b"):
        make_dot(owner=alice, title=title)
    assert [row["title"] for row in walk(client, f"{URL}?limit=2&sort=title")] == ["a", "b", "b", "b", "c"]


def test_pages_go_by_the_longest_titles(client, alice):
    for number in range(3):
        make_dot(owner=alice, title=f"{'🌻' * 119}{number}")
    assert len(walk(client, f"{URL}?limit=1&sort=title")) == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Draft", "Fountain"]),
        ("?q=font", []),
        ("?q=FOUNT", ["Fountain"]),
        ("?q=wasser", ["Fountain"]),
        ("?tag=water", ["Fountain"]),
        ("?tag=wat", []),
        ("?status=live", ["Fountain"]),
        ("?status=making", ["Draft"]),
        ("?status=deleted", ["Binned"]),
        ("?deleted=true", ["Binned"]),
        ("?deleted=false", ["Draft", "Fountain"]),
        ("?language=de", ["Fountain"]),
        ("?language=de-DE", []),
        ("?language=en", ["Fountain"]),
        ("?tag=water&q=fountain&status=live&language=en", ["Fountain"]),
    ],
)
def test_the_list_is_narrowed(client, alice, query, found):
    fountain = make_dot(owner=alice, title="Fountain")
    make_generation(owner=alice, dot=fountain, status="ready")
    make_generation(owner=alice, dot=fountain, status="ready", language="de", text="Wasser.")
    services.update_dot(dot=fountain, changes={"tags": ["water"]})
    renditions.refresh_search_text(make_dot(owner=alice, title="Draft"))
    services.delete_dot(dot=make_dot(owner=alice, title="Binned"))
    assert titles(client.get(URL + query)) == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=done", "status"),
        ("deleted=yes", "deleted"),
        ("deleted=1", "deleted"),
        ("language=english", "language"),
        ("sort=plays", "sort"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        ("tag=" + "t" * 41, "tag"),
        ("q=%00", "q"),
    ],
)
def test_bad_parameters_are_named(client, query, field):
    refused(client.get(f"{URL}?{query}"), 400, "VALIDATION_ERROR", field)


def test_dots_are_made_by_generations_only(client):
    wrong_methods(client, URL, "GET")


def test_its_queries_do_not_grow_with_the_rows(client, alice):
    def queries(rows: int) -> int:
        for _row in range(rows):
            dot = make_dot(owner=alice)
            for language in ("en-GB", "de"):
                make_generation(owner=alice, dot=dot, status="ready", language=language, duration_ms=1_500)
            services.update_dot(dot=dot, changes={"tags": ["water", "market"], "slug": None})
        with CaptureQueriesContext(connection) as counted:
            shown = rows_of(client.get(f"{URL}?limit=100"))
        assert shown[0]["renditions"][0].keys() == RENDITION
        assert [each["language"] for each in shown[0]["renditions"]] == ["de", "en-GB"]
        return len(counted)

    assert queries(1) == queries(10) <= 4


def test_a_scheduled_and_a_used_up_one_say_so(client, alice):
    hour = timezone.timedelta(hours=1)
    soon = make_dot(owner=alice, title="Soon", starts_at=timezone.now() + hour)
    full = make_dot(owner=alice, title="Full", max_plays=1, plays_count=1, scans_count=5)
    for dot in (soon, full):
        make_generation(owner=alice, dot=dot, status="ready")
    rows = {row["title"]: row for row in rows_of(client.get(URL))}
    assert (rows["Soon"]["status"], rows["Full"]["status"]) == ("scheduled", "used_up")
    assert rows["Full"]["totals"] == {"scans": 5, "plays": 1}
    assert titles(client.get(f"{URL}?status=used_up")) == ["Full"]
    assert Dot.objects.count() == 2
