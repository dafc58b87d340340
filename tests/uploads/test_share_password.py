"""Attempts on the password of a share link: the wrong ones are limited, the right one costs nobody anything."""

from __future__ import annotations

import uuid

import pytest

from tests.factories import make_file
from uploads import services

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(alice, settings) -> str:
    """Where a file is shared with the password "tall grass", of which two attempts a minute may be wrong."""
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "share_password": "2/m"}
    settings.REDIS_PREFIX = f"{uuid.uuid4()}:"
    share = services.share_file(file=make_file(owner=alice, content=b"Sow beans."), password="tall grass")
    return f"/s/{share.token}"


def test_the_right_one_uses_up_no_attempt(client, address):
    assert [client.post(address, {"password": "tall grass"}).status_code for _one in range(3)] == [302] * 3
    assert [client.post(address, {"password": "guess"}).status_code for _one in range(3)] == [403, 403, 429]


def test_after_too_many_wrong_ones_the_right_one_is_refused_too(client, address):
    assert [client.post(address, {"password": "guess"}).status_code for _one in range(2)] == [403, 403]
    assert client.post(address, {"password": "tall grass"}).status_code == 429
