"""POST generations/{id}/retry."""

from __future__ import annotations

import pytest

from accounts.models import User
from generations import services
from generations.models import Generation
from tests.factories import make_generation, make_user
from tests.generations.api.checks import GENERATION, NO_SUCH_ID, data_of, refused, strangers, wrong_methods

pytestmark = pytest.mark.django_db
TEXT = "Hello there."


def url(generation: Generation) -> str:
    return f"/api/v1/generations/{generation.public_id}/retry"


@pytest.fixture
def client(api, alice, voice):
    return api(alice)


@pytest.fixture
def cancelled(alice, voice):
    return services.cancel_generation(generation=services.request_generation(owner=alice, text=TEXT))


@pytest.mark.parametrize("slash", ["", "/"])
def test_it_begins_again_and_is_charged_again(
    client, alice, cancelled, bells, slash, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        body = data_of(client.post(url(cancelled) + slash), 202)

    assert body.keys() == GENERATION
    assert (body["id"], body["status"], body["progress"]) == (str(cancelled.public_id), "queued", 0)
    assert (body["tokens"], body["refunded"], body["finishedAt"]) == (12, False, None)
    assert User.objects.get(pk=alice.pk).token_balance == 10_000 - 12
    assert bells == [("fulfil", cancelled.pk, 0)]


def test_one_key_retries_once(client, alice, cancelled):
    key = {"Idempotency-Key": "again"}
    first, second = (client.post(url(cancelled), headers=key) for _time in range(2))
    assert data_of(first, 202) == data_of(second, 202)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert User.objects.get(pk=alice.pk).token_balance == 10_000 - 12


@pytest.mark.parametrize("status", ["queued", "processing", "ready"])
def test_what_has_not_failed_is_a_conflict(client, alice, status):
    refused(client.post(url(make_generation(owner=alice, status=status))), 409, "CONFLICT")


def test_too_few_tokens_change_nothing(api, voice):
    poor = make_user(tokens=11)
    generation = make_generation(owner=poor, text=TEXT, status="failed", error_code="TIMEOUT")
    error = refused(api(poor).post(url(generation)), 402, "INSUFFICIENT_TOKENS")
    assert error["details"] == {"required": 12, "available": 11}
    generation.refresh_from_db()
    assert (generation.status, generation.attempt) == ("failed", 1)


def test_a_dot_in_the_bin_is_a_conflict(client, cancelled):
    services.delete_dot(dot=cancelled.dot)
    refused(client.post(url(cancelled)), 409, "CONFLICT")


def test_it_is_the_owners_alone(client, api, charlie, cancelled):
    strangers(api, charlie, "post", url(cancelled))
    cancelled.refresh_from_db()
    assert cancelled.status == "cancelled"


def test_ids_are_uuids(client):
    refused(client.post(f"/api/v1/generations/{NO_SUCH_ID}/retry"), 404, "NOT_FOUND")
    refused(client.post("/api/v1/generations/7/retry"), 400, "VALIDATION_ERROR", "generationId")


def test_there_are_no_other_methods(client, cancelled):
    wrong_methods(client, url(cancelled), "POST")
