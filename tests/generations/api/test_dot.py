"""GET, PATCH and DELETE dots/{id}."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.hashers import check_password

from generations.models import Dot
from tests.factories import make_dot, make_generation
from tests.generations.api.checks import (
    DESIGN,
    DOT,
    NO_SUCH_ID,
    both_forms,
    data_of,
    refused,
    strangers,
    wrong_methods,
)

pytestmark = pytest.mark.django_db


def url(dot: Dot) -> str:
    return f"/api/v1/dots/{dot.public_id}"


@pytest.fixture
def client(api, alice, voice):
    return api(alice)


@pytest.fixture
def dot(alice, voice):
    dot = make_dot(owner=alice, title="Fountain")
    make_generation(owner=alice, dot=dot, status="ready", duration_ms=1_500)
    return dot


def patch(client, dot, **changes):
    return client.patch(url(dot), changes, format="json")


def test_a_new_dot_as_it_stands(client, dot, settings):
    body = data_of(client.get(url(dot)))
    generation = dot.generations.get()
    assert body == {
        "id": str(dot.public_id),
        "code": dot.code,
        "slug": None,
        "title": "Fountain",
        "description": "",
        "playUrl": f"{settings.SITE_URL}/d/{dot.code}",
        "printUrl": f"{settings.SITE_URL.upper()}/Q/{dot.code}",
        "status": "live",
        "active": True,
        "startsAt": None,
        "expiresAt": None,
        "maxPlays": None,
        "hasPassword": False,
        "tags": [],
        "autoplay": True,
        "defaultLanguage": "en-GB",
        "renditions": [
            {
                "language": "en-GB",
                "generationId": str(generation.public_id),
                "voice": "espeak:en-gb",
                "durationSeconds": 1.5,
            }
        ],
        "link": None,
        "design": {
            "foreground": "#000000",
            "background": "#ffffff",
            "moduleStyle": "square",
            "errorCorrection": "Q",
            "logoUploadId": None,
            "caption": "",
        },
        "totals": {"scans": 0, "plays": 0},
        "createdAt": body["createdAt"],
        "updatedAt": body["updatedAt"],
    }
    assert body.keys() == DOT
    assert body["design"].keys() == DESIGN
    both_forms(client, url(dot))


def test_everything_that_is_writable(client, dot, settings):
    changes = {
        "title": "Old fountain",
        "description": "By the market.\nSince 1742.",
        "slug": "old-fountain",
        "active": False,
        "autoplay": False,
        "startsAt": "2026-12-01T10:00:00Z",
        "expiresAt": "2026-12-02T10:00:00Z",
        "maxPlays": 10,
        "tags": ["market", "water"],
        "defaultLanguage": "en-GB",
        "link": {"label": "More", "url": "https://example.org/fountain"},
    }
    body = data_of(patch(client, dot, password="open sesame", **changes))

    assert {name: body[name] for name in changes} == changes
    assert body["hasPassword"] is True
    assert "password" not in body
    assert body["playUrl"] == f"{settings.SITE_URL}/d/old-fountain"
    assert body["printUrl"].endswith(f"/Q/{dot.code}")
    assert body["status"] == "paused"
    assert check_password("open sesame", Dot.objects.get(pk=dot.pk).password)
    assert data_of(client.get(url(dot))) == body


def test_what_is_left_out_stays_and_null_clears(client, dot):
    before = data_of(patch(client, dot, slug="fountain", maxPlays=3, password="open sesame", tags=["a"]))
    after = data_of(patch(client, dot, title="New"))
    assert {**before, "title": "New", "updatedAt": after["updatedAt"]} == after
    assert data_of(patch(client, dot))["title"] == "New"
    cleared = data_of(
        patch(client, dot, slug=None, maxPlays=None, password=None, link=None, startsAt=None, expiresAt=None, tags=[])
    )
    assert (cleared["slug"], cleared["maxPlays"], cleared["hasPassword"], cleared["tags"]) == (None, None, False, [])


def test_what_was_read_can_be_sent_back(client, dot):
    shown = data_of(client.get(url(dot)))
    again = data_of(patch(client, dot, **{**shown, "title": "New", "code": "222222", "totals": {"scans": 9}}))
    assert again == {**shown, "title": "New", "updatedAt": again["updatedAt"]}


@pytest.mark.parametrize("design", [{}, {"foreground": None}, {"foreground": "#000000", "unknown": 1}])
def test_a_design_that_stays_as_it_is_is_no_change(client, dot, design):
    data_of(patch(client, dot, design=design))


@pytest.mark.parametrize("design", [{"foreground": "#ff0000"}, {"errorCorrection": "H"}, {"caption": "Scan me"}])
def test_a_change_of_the_design_is_refused_and_saves_nothing(client, dot, design):
    refused(patch(client, dot, title="New", design=design), 400, "VALIDATION_ERROR", "design")
    assert Dot.objects.get(pk=dot.pk).title == "Fountain"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": ""}, ["title"]),
        ({"title": None}, ["title"]),
        ({"title": 7}, ["title"]),
        ({"title": "t" * 121}, ["title"]),
        ({"title": "a\u0000b"}, ["title"]),
        ({"title": "half \ud83d"}, ["title"]),
        ({"description": "d" * 501}, ["description"]),
        ({"slug": "Not A Slug"}, ["slug"]),
        ({"slug": ""}, ["slug"]),
        ({"slug": "admin"}, ["slug"]),
        ({"active": 1}, ["active"]),
        ({"active": "true"}, ["active"]),
        ({"autoplay": None}, ["autoplay"]),
        ({"startsAt": "tomorrow"}, ["startsAt"]),
        ({"startsAt": "2026-12-01T10:00:00"}, ["startsAt"]),
        ({"startsAt": "2026-12-01T10:00:00Z", "expiresAt": "2026-12-01T10:00:00Z"}, ["startsAt"]),
        ({"expiresAt": 7}, ["expiresAt"]),
        ({"maxPlays": 0}, ["maxPlays"]),
        ({"maxPlays": "7"}, ["maxPlays"]),
        ({"maxPlays": 2**31}, ["maxPlays"]),
        ({"password": "abc"}, ["password"]),
        ({"password": 1234}, ["password"]),
        ({"tags": "water"}, ["tags"]),
        ({"tags": ["a", 7]}, ["tags.1"]),
        ({"tags": ["a,b"]}, ["tags"]),
        ({"tags": [str(number) for number in range(21)]}, ["tags"]),
        ({"defaultLanguage": "fr"}, ["defaultLanguage"]),
        ({"defaultLanguage": "french"}, ["defaultLanguage"]),
        ({"link": "https://example.org"}, ["link"]),
        ({"link": {}}, ["link.url"]),
        ({"link": {"label": "More", "url": "javascript:alert(1)"}}, ["link.url"]),
        ({"link": {"label": 7, "url": "https://example.org"}}, ["link.label"]),
        ({"design": "dark"}, ["design"]),
        ({"title": 7, "active": 7, "tags": 7}, ["title", "active", "tags"]),
        ({"slug": "admin", "tags": ["a,b"], "defaultLanguage": "fr"}, ["slug", "tags", "defaultLanguage"]),
    ],
)
def test_bad_input_is_named_and_saves_nothing(client, dot, changes, fields):
    before = Dot.objects.filter(pk=dot.pk).values().get()
    raw = json.dumps({"description": "This would be fine", **changes})
    refused(client.patch(url(dot), raw, content_type="application/json"), 400, "VALIDATION_ERROR", *fields)
    assert Dot.objects.filter(pk=dot.pk).values().get() == before
    assert not dot.tag_rows.exists()


def test_a_slug_that_is_taken_is_refused_also_a_former_one(client, api, dot, alice, bob):
    for slug in ("fountain", "well"):
        data_of(patch(client, dot, slug=slug))
    for owner in (alice, bob):
        for slug in ("fountain", "well"):
            refused(patch(api(owner), make_dot(owner=owner), slug=slug), 400, "VALIDATION_ERROR", "slug")


def test_it_is_the_owners_alone(client, api, dot, charlie):
    strangers(api, charlie, "get", url(dot))
    strangers(api, charlie, "patch", url(dot), {"title": "Mine"})
    strangers(api, charlie, "delete", url(dot))
    dot.refresh_from_db()
    assert (dot.title, dot.deleted_at) == ("Fountain", None)


def test_ids_are_uuids(client):
    for method in ("get", "patch", "delete"):
        call = getattr(client, method)
        refused(call(f"/api/v1/dots/{NO_SUCH_ID}", {}, format="json"), 404, "NOT_FOUND")
        refused(call("/api/v1/dots/7KX3M9", {}, format="json"), 400, "VALIDATION_ERROR", "dotId")


def test_deleting_puts_it_into_the_bin_where_it_can_be_seen_but_not_changed(client, dot):
    response = client.delete(url(dot))
    assert (response.status_code, response.content) == (204, b"")
    assert data_of(client.get(url(dot)))["status"] == "deleted"
    refused(patch(client, dot, title="New"), 409, "CONFLICT")
    assert client.delete(url(dot)).status_code == 204


def test_there_are_no_other_methods(client, dot):
    wrong_methods(client, url(dot), "GET", "PATCH", "DELETE")
