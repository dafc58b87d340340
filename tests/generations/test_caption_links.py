"""Captions by an address that needs no credentials, until it expires."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from generations import services
from generations.caption_links import captions_url
from generations.models import Generation
from tests.factories import make_generation

pytestmark = pytest.mark.django_db

VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello.\n"


@pytest.fixture
def generation(alice, voice):
    return make_generation(owner=alice, status="ready", captions=VTT)


def address(generation: Generation, minutes: float = 5) -> str:
    url = urlsplit(captions_url(generation.public_id, timezone.now() + timedelta(minutes=minutes)))
    return f"{url.path}?{url.query}"


def test_the_address_is_absolute_and_answers_webvtt_to_anybody(client, generation, settings):
    assert captions_url(generation.public_id, timezone.now()).startswith(settings.SITE_URL + "/captions/")
    response = client.get(address(generation))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.content.decode() == VTT
    assert client.head(address(generation)).status_code == 200


def test_it_shows_what_was_set_by_hand(client, generation):
    services.set_captions(generation=generation, vtt="WEBVTT\n\n00:00.000 --> 00:01.000\nGoodbye.\n")
    assert "Goodbye." in client.get(address(generation)).content.decode()


def test_an_expired_or_forged_address_is_refused(client, generation, alice):
    good = address(generation)
    other = make_generation(owner=alice, status="ready", captions="WEBVTT\n")
    for bad in (
        address(generation, minutes=-1),
        good.replace("expires=", "expires=9"),
        good + "x",
        good.split("&")[0],
        good.split("?")[0],
        good.split("?")[0] + "?expires=x&signature=%00",
        good.replace(str(generation.public_id), str(other.public_id)),
    ):
        response = client.get(bad)
        assert response.status_code == 403, bad
        assert "WEBVTT" not in response.content.decode()


def test_what_is_not_ready_or_gone_has_none(client, generation, alice, settings):
    settings.DELETED_DOT_DAYS = 0
    assert client.get(address(make_generation(owner=alice))).status_code == 404
    services.delete_dot(dot=generation.dot)
    services.purge_deleted_dots()
    assert client.get(address(generation)).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_only_reads(client, generation, method):
    response = getattr(client, method)(address(generation))
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
