"""Listening in the back office: staff look, nobody edits, and what tells visitors apart is not shown."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from plays.models import DailySalt, DayFigures, DayShare, Event, HourFigures, ListeningSettings, Miss, SpoolPosition
from tests.factories import make_owner
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HASH = "f00d" * 16


@pytest.fixture
def of_a_dot(alice) -> list[Model]:
    """Rows that belong to the dot 7KX3M9."""
    dot = make_live_dot(owner=alice, code="7KX3M9")
    what = {"dot": dot, "language": "en-GB"}
    return [
        Event.objects.create(event_id=uuid.uuid4(), kind="scan", at=NOON, visitor=HASH, **what),
        DayFigures.objects.create(day=DAY, zone="UTC", scans=1, **what),
        HourFigures.objects.create(hour=NOON, scans=1, **what),
        DayShare.objects.create(day=DAY, dimension="device", value="phone", count=1, **what),
    ]


@pytest.fixture
def others(alice) -> list[Model]:
    return [
        Miss.objects.create(code="222222", day=DAY, reason="unknown", count=3),
        SpoolPosition.objects.create(name="here-1-a.spool", taken_bytes=7),
        DailySalt.objects.create(day=DAY, salt=b"secret salt of the day 32 bytes."),
        ListeningSettings.objects.create(owner=alice),
    ]


def name_of(row: Model) -> str:
    return f"admin:plays_{row._meta.model_name}"


def test_staff_find_them_by_the_dots_code(client: Client, of_a_dot):
    client.force_login(make_owner())

    for row in of_a_dot:
        address = reverse(f"{name_of(row)}_changelist")
        assert "7KX3M9" in client.get(address, {"q": "7kx3m9"}).content.decode(), row
        assert "7KX3M9" not in client.get(address, {"q": "222222"}).content.decode(), row


def test_lists_count_so_far_and_no_further(client: Client, of_a_dot, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr("plays.admin.COUNTED", 60)
    first = of_a_dot[0]
    assert isinstance(first, Event)
    Event.objects.bulk_create(
        [Event(event_id=uuid.uuid4(), kind="scan", dot=first.dot, language="en-GB") for _number in range(100)]
    )
    client.force_login(make_owner())

    with django_assert_max_num_queries(20) as asked:
        response = client.get(reverse("admin:plays_event_changelist"), {"p": "2"})

    assert response.context["cl"].result_count == 60
    assert len(response.context["cl"].result_list) == 10
    counts = [query["sql"] for query in asked.captured_queries if "COUNT(" in query["sql"] and "event" in query["sql"]]
    assert counts
    assert all("LIMIT 60" in sql for sql in counts)
    for name in ("dayfigures", "hourfigures", "dayshare", "miss"):
        assert client.get(reverse(f"admin:plays_{name}_changelist")).context["cl"].paginator.most == 60


def test_each_has_a_list_and_a_page_that_name_no_visitor_and_no_salt(client: Client, of_a_dot, others):
    client.force_login(make_owner())

    for row in [*of_a_dot, *others]:
        for address in (reverse(f"{name_of(row)}_changelist"), reverse(f"{name_of(row)}_change", args=[row.pk])):
            response = client.get(address)
            assert response.status_code == 200, address
            assert HASH not in response.content.decode()
            assert "secret" not in response.content.decode()


def test_nobody_edits_adds_or_deletes_them(client: Client, of_a_dot, others):
    client.force_login(make_owner())

    for row in [*of_a_dot, *others]:
        assert client.get(reverse(f"{name_of(row)}_add")).status_code == 403
        assert client.post(reverse(f"{name_of(row)}_change", args=[row.pk]), {"language": "xx"}).status_code == 403
        assert client.post(reverse(f"{name_of(row)}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_clients_do_not_see_them(client: Client, of_a_dot, others, alice):
    client.force_login(alice)

    for row in [*of_a_dot, *others]:
        assert client.get(reverse(f"{name_of(row)}_changelist"), follow=True).status_code == 403


def test_the_days_visitors_have_no_page():
    assert "dayvisitor" not in {model._meta.model_name for model in admin.site._registry}
