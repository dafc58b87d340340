"""POST generations/{id}/cancel."""

from __future__ import annotations

import pytest

from accounts.models import User
from generations import lifecycle, services
from generations.models import Generation
from tests.factories import make_generation
from tests.generations.api.checks import GENERATION, NO_SUCH_ID, data_of, refused, strangers, wrong_methods

pytestmark = pytest.mark.django_db


def url(generation: Generation) -> str:
    return f"/api/v1/generations/{generation.public_id}/cancel"


@pytest.fixture
def client(api, alice, voice):
    return api(alice)


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("slash", ["", "/"])
def test_it_stops_and_gives_the_tokens_back(client, alice, running, slash):
    generation = services.request_generation(owner=alice, text="Hello there.")
    if running:
        lifecycle.claim(generation.pk)

    body = data_of(client.post(url(generation) + slash))

    assert body.keys() == GENERATION
    assert (body["status"], body["refunded"], body["error"]) == ("cancelled", True, None)
    assert body["finishedAt"] is not None
    assert User.objects.get(pk=alice.pk).token_balance == 10_000
    refused(client.post(url(generation)), 409, "CONFLICT")
    assert User.objects.get(pk=alice.pk).token_balance == 10_000


@pytest.mark.parametrize("status", ["ready", "failed", "cancelled"])
def test_what_has_ended_is_a_conflict(client, alice, status):
    refused(client.post(url(make_generation(owner=alice, status=status))), 409, "CONFLICT")


@pytest.mark.parametrize(("awaiting", "status"), [("studio", 200), ("recording", 409), ("approval", 409)])
def test_what_awaits_a_person_can_be_cancelled_until_it_is_begun(client, alice, awaiting, status):
    generation = make_generation(owner=alice, awaiting=awaiting)
    assert client.post(url(generation)).status_code == status


def test_it_is_the_owners_alone(client, api, alice, charlie):
    generation = make_generation(owner=alice)
    strangers(api, charlie, "post", url(generation))
    generation.refresh_from_db()
    assert generation.status == "queued"


def test_ids_are_uuids(client):
    refused(client.post(f"/api/v1/generations/{NO_SUCH_ID}/cancel"), 404, "NOT_FOUND")
    refused(client.post("/api/v1/generations/7/cancel"), 400, "VALIDATION_ERROR", "generationId")


def test_there_are_no_other_methods(client, alice):
    wrong_methods(client, url(make_generation(owner=alice)), "POST")
