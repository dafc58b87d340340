"""Scans and play events in the back office: staff look, nobody edits."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from plays import services
from plays.models import PlayEvent, Scan
from tests.factories import make_owner
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(alice) -> list[Scan | PlayEvent]:
    dot = make_live_dot(owner=alice, code="7KX3M9")
    rendition = dot.renditions.get()
    what = {"dot": dot, "generation_id": rendition.generation_id, "language": rendition.language, "is_bot": False}
    scan = services.record_scan(is_printed=True, **what)
    services.record_event(visit="a1", event="play", position_ms=0, heard_ms=0, **what)
    return [scan, PlayEvent.objects.get()]


def test_staff_find_them_by_the_dots_code(client: Client, rows):
    client.force_login(make_owner())

    for row in rows:
        address = reverse(f"admin:plays_{row._meta.model_name}_changelist")
        assert "7KX3M9" in client.get(address, {"q": "7kx3m9"}).content.decode()
        assert "7KX3M9" not in client.get(address, {"q": "222222"}).content.decode()


def test_nobody_edits_adds_or_deletes_them(client: Client, rows):
    client.force_login(make_owner())

    for row in rows:
        name = f"admin:plays_{row._meta.model_name}"
        assert client.get(reverse(f"{name}_add")).status_code == 403
        assert client.post(reverse(f"{name}_change", args=[row.pk]), {"language": "xx"}).status_code == 403
        assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_clients_do_not_see_them(client: Client, rows, alice):
    client.force_login(alice)

    assert client.get(reverse("admin:plays_scan_changelist")).status_code in {302, 403}
