"""The staff's page about the whole installation."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import ledger
from accounts.models import TokenEntry, User
from dashboard import backoffice
from generations.models import Dot, Generation
from plays import figures
from plays.models import Event, Miss
from tests.dashboard.listening import make_day, make_hour
from tests.factories import make_dot, make_file, make_generation, make_owner, make_staff, make_voice

pytestmark = pytest.mark.django_db

PAGE = "/admin/analytics/"
DAY = date(2026, 3, 2)  # a Monday
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEEK = {"from": "2026-03-02", "to": "2026-03-08"}


def span(first: date = DAY, last: date = DAY + timedelta(days=6), zone: str = "UTC") -> figures.Span:
    return figures.span_from(zone=ZoneInfo(zone), today=date(2026, 3, 20), first=first, last=last)


def made(owner: User, created: datetime = NOON, *, seconds: float | None = None, **fields: Any) -> Generation:
    """A generation that was asked for at a time, and was ready ``seconds`` later."""
    generation = make_generation(owner=owner, **fields)
    finished = None if seconds is None else created + timedelta(seconds=seconds)
    Generation.objects.filter(pk=generation.pk).update(created_at=created, finished_at=finished)
    return generation


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_owner(email="owner@example.org"))
    return client


def text_of(client: Client, address: str = PAGE, query: dict[str, str] | None = None, status: int = 200) -> str:
    response = client.get(address, query or {})
    assert response.status_code == status
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- Who may see it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["analytics", "listening-now", "csv", "xlsx"])
def test_only_staff_get_in(client: Client, alice, name):
    address = reverse(f"backoffice:{name}")

    assert client.get(address).headers["Location"].startswith("/admin/login/")
    client.force_login(alice)
    assert client.get(address, follow=True).status_code == 403
    client.force_login(make_owner())
    response = client.get(address)
    assert response.status_code == 200
    assert b"".join(response)  # read to its end, a download's file is closed
    assert client.post(address).status_code == 405


def test_sums_are_for_all_staff_and_names_for_those_who_may_look_at_them(client: Client, alice):
    make_day(make_dot(owner=alice, title="The old mill"), DAY)
    staff = make_staff()
    client.force_login(staff)

    page = text_of(client, query=WEEK)
    assert "Scans 10" in page
    assert "The old mill" not in page
    assert "Alice" not in page
    assert client.get("/admin/analytics/export.csv").status_code == 403

    staff.user_permissions.set(Permission.objects.filter(codename__in=["view_dot", "view_user"]))
    page = text_of(client, query=WEEK)
    assert "The old mill" in page
    assert "Alice" in page
    assert client.get("/admin/analytics/export.csv").status_code == 200


# --- Listening ------------------------------------------------------------------------------------------------------


def test_it_adds_up_what_all_accounts_have(office: Client, alice, bob):
    make_day(make_dot(owner=alice), DAY, scans=10, plays=8)
    make_day(make_dot(owner=bob), DAY, scans=5, plays=3, shares={"device": {"phone": 4, "": 1}})
    make_day(make_dot(owner=bob), DAY - timedelta(days=1), scans=30, plays=3)

    page = text_of(office, query=WEEK)

    assert "Scans 15" in page
    assert "down 50 % from 30" in page
    assert "Plays 11" in page
    assert "Phone 4 80 %" in page


def test_a_range_that_is_wrong_is_said_and_kept(office: Client):
    page = office.get(PAGE, {"from": "2026-03-08", "to": "2026-03-02"})

    assert page.status_code == 422
    assert 'value="2026-03-08"' in page.content.decode()
    assert 'role="alert"' in page.content.decode()
    assert office.get("/admin/analytics/export.csv", {"from": "1900-01-01"}).status_code == 422
    assert office.get("/admin/analytics/export.xlsx", {"from": "nonsense"}).status_code == 422
    assert office.get("/admin/analytics/listening-now", {"from": "nonsense"}).status_code == 200


def test_by_the_hour_totals_and_table_are_of_the_same_hours(office: Client, alice):
    now = timezone.now()
    dot = make_dot(owner=alice)
    make_hour(dot, now.replace(minute=0, second=0, microsecond=0), scans=3, plays=2)
    make_day(dot, now.date() + timedelta(days=1), scans=3, plays=2, zone="Pacific/Kiritimati")

    page = text_of(office, query={"days": "1", "interval": "hour"})

    assert "Scans 3" in page
    assert "3 scans and 2 plays." in page
    assert "days are each account's own" in page.replace("&#x27;", "'")
    assert "days are each account's own" not in text_of(office, query={"days": "1"}).replace("&#x27;", "'")


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/New_York"])
def test_the_ends_of_the_calendar_are_refused(office: Client, day, zone):
    User.objects.update(timezone=zone)

    for address in (PAGE, "/admin/analytics/export.csv", "/admin/analytics/export.xlsx"):
        assert office.get(address, {"from": day, "to": day}).status_code == 422


def test_nothing_at_all_is_a_page_as_well(office: Client):
    page = text_of(office)

    assert "Scans 0" in page
    assert "Nothing was made." in page


def test_a_language_narrows_down_the_listening(office: Client, alice):
    dot = make_generation(owner=alice, status="ready").dot  # a rendition in en-GB
    make_day(dot, DAY, scans=10)
    make_day(dot, DAY, scans=7, language="de")

    assert "Scans 17" in text_of(office, query=WEEK)
    assert "Scans 10" in text_of(office, query={**WEEK, "language": "en-GB"})


def test_each_language_of_the_table_can_be_chosen(office: Client, alice):
    make_day(make_dot(owner=alice), DAY, scans=7, language="fr")  # its rendition is gone

    page = office.get(PAGE, WEEK).content.decode()

    assert '<option value="fr">French</option>' in page
    assert "Scans 7" in text_of(office, query={**WEEK, "language": "fr"})
    assert "Nothing has been counted in this language" in text_of(office, query={**WEEK, "language": "tlh"}, status=422)
    assert "Null characters" in text_of(office, query={**WEEK, "language": "\0"}, status=422)


def test_the_number_of_listeners_is_narrowed_down_and_looks_at_events_alone(
    office: Client, alice, django_assert_max_num_queries
):
    Event.objects.create(event_id=uuid.uuid4(), kind="play", dot=make_dot(owner=alice), language="de", visit="one")
    address = "/admin/analytics/listening-now"

    assert "1 person" in text_of(office, address, {"language": "de", "from": "nonsense"})
    for language in ("tlh", "\0", "x" * 5_000):
        assert "0 people" in text_of(office, address, {"language": language})
    with django_assert_max_num_queries(4) as asked:
        office.get(address, {"language": "de"})
    assert not [query for query in asked.captured_queries if "rendition" in query["sql"]]


def test_exports_have_the_whole_installation(office: Client, alice, bob):
    make_day(make_dot(owner=alice, title="=1+1"), DAY, scans=10)
    make_day(make_dot(owner=bob), DAY, scans=5)

    csv = b"".join(office.get("/admin/analytics/export.csv", WEEK)).decode()

    assert "total,2026-03-02/2026-03-08,15" in csv
    assert b"".join(office.get("/admin/analytics/export.xlsx", WEEK))[:2] == b"PK"


def test_the_page_asks_the_same_number_of_questions_however_much_there_is(
    office: Client, alice, django_assert_max_num_queries
):
    for number in range(12):
        dot = make_dot(owner=alice, title=f"Dot {number}")
        make_day(dot, DAY, shares={"device": {"phone": 1}, "country": {"FR": 2}})
        made(alice, dot=dot, status="ready", seconds=3)
        Miss.objects.create(code=f"22222{number % 7 + 2}", day=DAY + timedelta(days=number % 5), reason=f"r{number}")

    with django_assert_max_num_queries(60):
        office.get(PAGE, WEEK)


# --- The installation -----------------------------------------------------------------------------------------------


def test_growth_counts_by_day_in_the_readers_zone(alice):
    User.objects.filter(pk=alice.pk).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # in Madrid half past midnight
    generation = made(alice, late)
    Dot.objects.filter(pk=generation.dot_id).update(created_at=NOON)

    utc, madrid = backoffice.growth(span()), backoffice.growth(span(zone="Europe/Madrid"))

    assert [row.generations for row in utc] == [1, 0, 0, 0, 0, 0, 0]
    assert [row.generations for row in madrid] == [0, 1, 0, 0, 0, 0, 0]
    assert [row.dots for row in madrid] == [1, 0, 0, 0, 0, 0, 0]
    assert {row.accounts for row in utc} == {0}


def test_growth_of_many_days_is_by_week_and_loses_nothing(alice):
    for number in range(0, 100, 9):
        made(alice, NOON + timedelta(days=number))

    rows = backoffice.growth(span(first=DAY + timedelta(days=2), last=DAY + timedelta(days=99)))

    assert [row.day for row in rows][:3] == [DAY, DAY + timedelta(days=7), DAY + timedelta(days=14)]
    assert sum(row.generations for row in rows) == 11  # the first was before the range


def test_tokens_are_those_spent_less_those_given_back(alice):
    generation = make_generation(owner=alice)
    ledger.charge(account=alice, amount=30, reference=generation.public_id, attempt=1)
    ledger.refund(account=alice, reference=generation.public_id, attempt=1)
    ledger.charge(account=alice, amount=40, reference=generation.public_id, attempt=2)
    today = TokenEntry.objects.latest("pk").created_at.date()

    rows = backoffice.growth(figures.span_from(zone=ZoneInfo("UTC"), today=today, first=today, last=today))

    assert [row.tokens for row in rows] == [40]
    make_day(generation.dot, today)
    day = figures.span_from(zone=ZoneInfo("UTC"), today=today, first=today, last=today)
    assert [row.tokens for row in backoffice.top_accounts(day)] == [40]


def test_engines_failures_and_waiting(alice):
    human = make_voice(key="studio:anna", kind="human")
    for seconds in (1, 2, 3, 100):
        made(alice, status="ready", seconds=seconds, duration_ms=60_000, characters=10)
    made(alice, status="ready", seconds=90_000, voice=human)
    for code in ("ENGINE_FAILED", "ENGINE_FAILED", "STORAGE_FAILED"):
        made(alice, status="failed", error_code=code)
    made(alice, NOON - timedelta(days=1), status="failed", error_code="BEFORE")

    espeak, studio = backoffice.engine_use(span())
    assert (espeak.engine, espeak.generations, espeak.ready, espeak.failed) == ("espeak", 7, 4, 3)
    assert espeak.minutes == 4
    assert studio.engine == "studio"
    assert [(row.code, row.count) for row in backoffice.failures(span())] == [
        ("ENGINE_FAILED", 2),
        ("STORAGE_FAILED", 1),
    ]
    waiting = backoffice.waiting_for_ready(*backoffice.whole(span()))
    assert (waiting.count, waiting.median, waiting.p95) == (4, 2.0, 100.0)
    assert backoffice.waiting_for_ready(NOON, NOON) == backoffice.Waiting(0, None, None)


def test_the_queue_is_what_waits_for_workers(alice):
    made(alice, NOON)
    made(alice, NOON + timedelta(seconds=30))
    made(alice, NOON, awaiting="studio")
    made(alice, NOON, status="processing")

    assert backoffice.queue(NOON + timedelta(seconds=90)) == backoffice.Queue(length=2, running=1, oldest_seconds=90.0)


def test_storage_is_what_rows_own(alice):
    made(alice, status="ready", audio_bytes=1000)
    made(alice, status="failed", audio_bytes=5)
    make_file(owner=alice, size=200)
    make_file(owner=alice, size=7, purged_at=NOON)

    assert backoffice.storage() == backoffice.Storage(audio=1000, files=200)


def test_busiest_accounts_have_both_halves(alice, bob, charlie):
    make_day(make_dot(owner=alice), DAY, scans=10, plays=4)
    made(bob)
    made(bob)

    found = backoffice.top_accounts(span())

    assert [(row.account, row.scans, row.plays, row.generations) for row in found] == [
        (alice, 10, 4, 0),
        (bob, 0, 0, 2),
    ]


def test_misprints_stand_out(office: Client):
    Miss.objects.create(code="7KX3M9", day=DAY, reason="unknown", count=40)
    Miss.objects.create(code="7KX3M9", day=DAY + timedelta(days=1), reason="unknown", count=2)
    Miss.objects.create(code="", day=DAY, reason="unknown", count=5)
    Miss.objects.create(code="222222", day=DAY - timedelta(days=1), reason="unknown", count=999)

    found, total = backoffice.misses(span())

    assert [(row.code, row.count, row.last) for row in found] == [("7KX3M9", 42, DAY + timedelta(days=1)), ("", 5, DAY)]
    assert total == 47
    assert "7KX3M9" in text_of(office, query=WEEK)


# --- The front page -------------------------------------------------------------------------------------------------


def test_the_front_page_says_how_it_goes_and_leads_there(office: Client, alice):
    made(alice, datetime.now(UTC))

    page = office.get("/admin/").content.decode()

    assert "Waiting: 1, being made: 0" in page
    assert page.count('href="/admin/analytics/"') >= 2
