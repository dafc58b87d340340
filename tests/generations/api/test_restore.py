"""POST dots/{id}/restore."""

from __future__ import annotations

import pytest

from generations import services
from generations.models import Dot
from tests.factories import make_dot, make_generation
from tests.generations.api.checks import DOT, NO_SUCH_ID, data_of, refused, strangers, wrong_methods

pytestmark = pytest.mark.django_db


def url(dot: Dot) -> str:
    return f"/api/v1/dots/{dot.public_id}/restore"


@pytest.fixture
def client(api, alice, voice):
    return api(alice)


@pytest.fixture
def binned(alice, voice):
    dot = make_dot(owner=alice)
    make_generation(owner=alice, dot=dot, status="ready")
    return services.delete_dot(dot=dot)


@pytest.mark.parametrize("slash", ["", "/"])
def test_it_is_back_under_the_same_code(client, binned, slash):
    body = data_of(client.post(url(binned) + slash))
    assert body.keys() == DOT
    assert (body["code"], body["status"]) == (binned.code, "live")
    refused(client.post(url(binned)), 409, "CONFLICT")


def test_what_is_not_in_the_bin_is_a_conflict(client, alice):
    refused(client.post(url(make_dot(owner=alice))), 409, "CONFLICT")


def test_what_was_purged_is_not_found(client, binned, settings):
    settings.DELETED_DOT_DAYS = 0
    services.purge_deleted_dots()
    refused(client.post(url(binned)), 404, "NOT_FOUND")


def test_it_is_the_owners_alone(client, api, charlie, binned):
    strangers(api, charlie, "post", url(binned))
    binned.refresh_from_db()
    assert binned.deleted_at is not None


def test_ids_are_uuids(client):
    refused(client.post(f"/api/v1/dots/{NO_SUCH_ID}/restore"), 404, "NOT_FOUND")
    refused(client.post("/api/v1/dots/7/restore"), 400, "VALIDATION_ERROR", "dotId")


def test_there_are_no_other_methods(client, binned):
    wrong_methods(client, url(binned), "POST")
