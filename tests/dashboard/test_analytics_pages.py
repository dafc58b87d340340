"""Who listened, in the client area: figures, filters, comparison, and what bad input gets."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from generations.models import Dot, DotTag
from plays.models import Event, ListeningSettings
from tests.dashboard.listening import SHARES, make_day, make_hour
from tests.factories import make_dot

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 12)
RANGE = "from=2026-11-10&to=2026-11-16"


@pytest.fixture
def dot(alice: User) -> Dot:
    return make_dot(owner=alice, title="The town hall")


@pytest.fixture
def page(client: Client, alice: User) -> Any:
    """``page(address)`` is the text of a page that Alice sees, its spaces made one."""
    client.force_login(alice)

    def get(address: str, status: int = 200) -> str:
        response = client.get(address)
        assert response.status_code == status
        return " ".join(response.content.decode().split())

    return get


def total(text: str, name: str) -> str:
    """A large number and what is said below it."""
    found = re.search(rf"<dt>{name}</dt> <dd class=\"number\">(.*?)</dd>", text)
    assert found, name
    return re.sub(r"<[^>]+>", " ", found[1]).strip()


def test_it_shows_totals_beside_those_of_the_period_before(page: Any, dot: Dot):
    make_day(dot, DAY, scans=30, unique_visitors=20, plays=10, completions=5, heard_ms=3_720_000)
    make_day(dot, DAY - timedelta(days=7), scans=20, unique_visitors=40, plays=10, completions=0, heard_ms=0)
    text = page(f"/analytics/?{RANGE}")

    assert "Nov. 10, 2026 to Nov. 16, 2026" in text
    assert re.split(r"\s{2,}", total(text, "Scans")) == ["30", "▲", "up 50 % from 20"]
    assert "down 50 % from 40" in total(text, "Visitors, day by day")
    assert "as before" in total(text, "Plays")
    assert "before: 0" in total(text, "Heard to the end")
    assert total(text, "Time listened").startswith("1 h 2 min")
    assert "The town hall" in text


def test_the_comparison_can_be_left_out(page: Any, dot: Dot):
    make_day(dot, DAY)
    make_day(dot, DAY - timedelta(days=7))
    text = page(f"/analytics/?{RANGE}&compare=none")

    assert total(text, "Scans") == "10"
    assert "Scans before" not in text


def test_every_figure_of_the_charts_stands_in_a_table(page: Any, dot: Dot):
    make_day(dot, DAY, scans=1234, shares=SHARES)
    text = page(f"/analytics/?{RANGE}")

    assert text.count('role="img"') == 2
    assert "1,234 scans and 8 plays. Most scans: 1,234, Nov. 12, 2026." in text
    rows = re.findall(r'<th scope="row">(Nov\. [^<]+?)</th> <td class="number">([\d,]+)</td>', text)
    assert len(rows) == 7
    assert ("Nov. 12, 2026", "1,234") in rows
    assert re.search(r'<th scope="row">50 %</th> <td class="number">6</td> <td class="number">75 %</td>', text)
    for name in ("Phone", "Computer", "Android", "Chrome Mobile", "Germany", "Freiburg im Breisgau", "Printed code"):
        assert name in text
    assert "English (United Kingdom)" in text
    assert "No other page, or not told" in text
    assert "style=" not in text


def test_long_lists_say_what_they_leave_out(page: Any, dot: Dot):
    make_day(dot, DAY, shares={"referrer": {f"host{number}.example": 20 - number for number in range(12)}})
    text = page(f"/analytics/?{RANGE}")

    assert "host7.example" in text
    assert "host8.example" not in text
    assert "and 4 more with 42 scans, all in the download" in text


def test_a_tag_and_a_language_narrow_it_down(page: Any, alice: User, dot: Dot):
    other = make_dot(owner=alice)
    DotTag.objects.create(dot=dot, name="museum")
    make_day(dot, DAY, scans=1)
    make_day(dot, DAY, scans=2, language="de")
    make_day(other, DAY, scans=4, language="de")

    assert total(page(f"/analytics/?{RANGE}&compare=none"), "Scans") == "7"
    assert total(page(f"/analytics/?{RANGE}&compare=none&tag=museum"), "Scans") == "3"
    assert total(page(f"/analytics/?{RANGE}&compare=none&language=de"), "Scans") == "6"
    assert total(page(f"/analytics/?{RANGE}&compare=none&language=de&tag=museum"), "Scans") == "2"


def test_one_dot_has_a_page_of_its_own(page: Any, alice: User, dot: Dot):
    make_day(dot, DAY, scans=1)
    make_day(make_dot(owner=alice), DAY, scans=4)
    text = page(f"/analytics/dots/{dot.public_id}?{RANGE}&compare=none")

    assert "The town hall" in text
    assert total(text, "Scans") == "1"
    assert f'href="/analytics/dots/{dot.public_id}"' in page(f"/dots/{dot.code}/")


def test_hours_are_shown_in_the_accounts_time_zone(page: Any, alice: User, dot: Dot):
    User.objects.filter(pk=alice.pk).update(timezone="Asia/Kolkata")  # half an hour beside the others
    today = timezone.localdate(timezone=timezone.get_fixed_timezone(330))
    hour = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(hours=5, minutes=30)
    make_day(dot, today, scans=3, plays=2, zone="Asia/Kolkata")
    make_hour(dot, hour, scans=3)
    text = page("/analytics/?days=1&interval=hour")

    assert re.search(r'<th scope="row">[^<]*midnight</th> <td class="number">3</td>', text)
    assert "Days as they are in Asia/Kolkata" in text
    assert "8 days" not in page("/analytics/?interval=hour")  # no refusal: it takes the days that have hours


def test_long_periods_are_put_together_by_month(page: Any, dot: Dot):
    make_day(dot, date(2025, 3, 1), scans=2)
    make_day(dot, date(2025, 3, 31), scans=3)
    text = page("/analytics/?from=2025-01-01&to=2026-11-16&compare=none")
    assert re.search(r'<th scope="row">March 2025</th> <td class="number">5</td>', text)


def test_days_of_another_time_zone_are_marked(page: Any, alice: User, dot: Dot):
    User.objects.filter(pk=alice.pk).update(timezone="Europe/Berlin")
    make_day(dot, DAY, zone="UTC")
    make_day(dot, DAY + timedelta(days=1), zone="Europe/Berlin")
    text = page(f"/analytics/?{RANGE}")

    assert "1 day was cut in another time zone" in text
    assert text.count("(in another time zone)") == 1


def test_the_default_is_thirty_days_and_the_presets_move_with_the_calendar(page: Any, dot: Dot):
    make_day(dot, timezone.localdate())
    text = page("/analytics/")

    assert 'href="/analytics/?days=30&amp;interval=day" aria-current="page"' in text
    assert 'href="/analytics/?days=7&amp;interval=day"' in text
    assert "Today is not over yet" in text


def test_the_presets_keep_the_filters(page: Any, alice: User, dot: Dot):
    DotTag.objects.create(dot=dot, name="a&b")
    assert "compare=none&amp;tag=a%26b&amp;days=7" in page("/analytics/?tag=a%26b&compare=none")


def test_the_first_visit_and_a_quiet_period_get_a_hint(page: Any, alice: User):
    assert "Make your first dot" in page("/analytics/")
    make_dot(owner=alice)
    text = page("/analytics/?days=7")
    assert "Nobody in this period" in text
    assert "Show the last 12 months" in text
    assert 'role="img"' not in text


def test_figures_of_dots_in_the_bin_stay(page: Any, dot: Dot):
    make_day(dot, DAY)
    Dot.objects.filter(pk=dot.pk).update(deleted_at=timezone.now())

    text = page(f"/analytics/?{RANGE}&compare=none")

    assert total(text, "Scans") == "10"
    assert "No dots yet" not in text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=2026-11-20&to=2026-11-01", "must not end before it begins"),
        ("from=2016-11-20&to=2026-11-20", "at most five years"),
        ("from=0001-01-01&to=0001-01-02", "nothing from before the year 2000"),
        ("from=9999-12-31&to=9999-12-31", "must not end later than a year from today"),
        ("from=2020-01-01&to=2020-01-02&interval=hour", "8 days"),
        ("from=yesterday", "Enter a valid date"),
        ("from=2026-02-30&to=2026-03-01", "Enter a valid date"),
        ("interval=minute", "Select a valid choice"),
        ("compare=%00", "Select a valid choice"),
        ("tag=nobody's", "None of your dots has this tag"),
        ("language=tlh", "Nothing has been counted in this language"),
    ],
)
def test_bad_input_is_told_and_kept_in_the_form(page: Any, dot: Dot, query: str, sentence: str):
    make_day(dot, DAY)
    for address in (
        "/analytics/",
        f"/analytics/dots/{dot.public_id}",
        "/analytics/export.csv",
        "/analytics/export.xlsx",
    ):
        text = page(f"{address}?{query}", status=422)
        assert sentence in text
        assert 'id="error-summary"' in text
        assert "<dt>Scans</dt>" not in text
        if query.startswith("from=2026-11-20"):
            assert 'value="2026-11-20"' in text


@pytest.mark.parametrize("query", ["days=99999", "days=-1", "days=²"])
def test_a_number_of_days_that_is_none_does_no_harm(page: Any, dot: Dot, query: str):
    assert "Who listened" in page(f"/analytics/?{query}")
    assert "Who listened" in page(f"/analytics/?{query}&compare=none")


def test_it_says_how_many_listen_now(page: Any, alice: User, charlie: User, dot: Dot):
    for owned, visit in ((dot, "one"), (dot, "two"), (make_dot(owner=charlie), "three")):
        Event.objects.create(event_id=uuid.uuid4(), kind=Event.Kind.PROGRESS, dot=owned, language="en", visit=visit)
    make_day(dot, timezone.localdate())

    assert "2 people" in page("/analytics/")
    text = page("/analytics/listening-now?days=7")
    assert "2 people" in text
    assert 'hx-get="/analytics/listening-now?days=7"' in text
    assert "<html" not in text
    assert "2 people" in page(f"/analytics/dots/{dot.public_id}/listening-now")


def test_the_languages_are_those_of_the_period(page: Any, dot: Dot):
    make_day(dot, DAY, language="de")
    make_day(dot, DAY - timedelta(days=60), language="fr")

    text = page(f"/analytics/?{RANGE}")
    assert '<option value="de">German</option>' in text
    assert "French" not in text
    # A link that keeps the language through the presets is no mistake.
    assert '<option value="fr" selected>French</option>' in page(f"/analytics/?{RANGE}&language=fr")
    assert "French" not in page("/analytics/?from=nonsense", status=422)


def listens(dot: Dot, language: str = "en-GB") -> None:
    """Somebody is heard of now."""
    what = {"kind": Event.Kind.PROGRESS, "dot": dot, "language": language}
    Event.objects.create(event_id=uuid.uuid4(), visit=str(uuid.uuid4()), **what)


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("", "2 people"),
        ("language=de", "1 person"),
        ("tag=museum", "1 person"),
        ("tag=museum&language=de", "0 people"),
        ("from=nonsense&language=de", "1 person"),
        ("language=tlh", "0 people"),
        ("tag=nobody's", "0 people"),
        ("tag=%00", "0 people"),
        ("language=" + "x" * 5_000, "0 people"),
    ],
)
def test_the_number_is_narrowed_down_as_the_page_is(page: Any, alice: User, dot: Dot, query: str, people: str):
    DotTag.objects.create(dot=dot, name="museum")
    listens(dot)
    listens(make_dot(owner=alice), "de")
    assert people in page(f"/analytics/listening-now?{query}")


def test_the_number_does_not_look_through_all_figures(
    client: Client, alice: User, dot: Dot, django_assert_max_num_queries: Any
):
    make_day(dot, DAY)
    client.force_login(alice)
    with django_assert_max_num_queries(4) as asked:
        client.get("/analytics/listening-now?language=en-GB&tag=museum")
    assert not [query for query in asked.captured_queries if "dayfigures" in query["sql"]]


def test_titles_and_hosts_are_only_text(page: Any, alice: User):
    dot = make_dot(owner=alice, title="<script>alert(1)</script>")
    make_day(dot, DAY, shares={"referrer": {"<b>": 10}})
    text = page(f"/analytics/?{RANGE}")
    assert "<script>alert" not in text
    assert "<b>" not in text


@pytest.mark.parametrize("language", ["de", "ar", "es"])
def test_it_is_written_for_every_reader(page: Any, alice: User, dot: Dot, language: str):
    User.objects.filter(pk=alice.pk).update(language=language)
    make_day(dot, DAY, scans=12_345, shares=SHARES)
    assert "2026" in page(f"/analytics/?{RANGE}")


ADDRESSES = ["", "listening-now", "export.csv", "export.xlsx", "settings"]
DOT_ADDRESSES = ["", "/listening-now", "/export.csv", "/export.xlsx"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_needs_sign_in(client: Client, db: None, address: str):
    response = client.get(f"/analytics/{address}")
    assert response.url == f"/account/login/?next=/analytics/{address}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", DOT_ADDRESSES)
def test_a_stranger_gets_404(client: Client, charlie: User, dot: Dot, address: str):
    make_day(dot, DAY)
    client.force_login(charlie)
    assert client.get(f"/analytics/dots/{dot.public_id}{address}").status_code == 404
    assert client.get(f"/analytics/dots/{uuid.uuid4()}{address}").status_code == 404


def test_strangers_figures_are_in_no_sum(client: Client, charlie: User, dot: Dot):
    make_day(dot, DAY)
    client.force_login(charlie)
    text = client.get(f"/analytics/?{RANGE}").content.decode()
    assert "town hall" not in text
    assert "Make your first dot" in text


@pytest.mark.parametrize("address", ADDRESSES[:-1])
def test_it_is_only_looked_at(client: Client, alice: User, address: str):
    client.force_login(alice)
    assert client.post(f"/analytics/{address}").status_code == 405


def test_its_queries_do_not_grow_with_dots_and_days(client: Client, alice: User, django_assert_max_num_queries: Any):
    for number in range(15):
        dot = make_dot(owner=alice)
        for day in range(number + 1):
            make_day(dot, DAY - timedelta(days=day), shares=SHARES if day < 2 else {})
    client.force_login(alice)
    with django_assert_max_num_queries(19):
        client.get("/analytics/?from=2026-10-01&to=2026-11-16")


class TestSettings:
    def test_they_are_shown_and_changed(self, client: Client, alice: User):
        client.force_login(alice)
        text = client.get("/analytics/settings").content.decode()
        assert re.search(r'name="keeps_attributes"[^>]*checked', text)
        assert not re.search(r'name="wants_weekly_mail"[^>]*checked', text)

        response = client.post("/analytics/settings", {"wants_weekly_mail": "on"})

        assert response.url == "/analytics/settings"  # type: ignore[attr-defined]
        row = ListeningSettings.objects.get(owner=alice)
        assert (row.keeps_attributes, row.wants_weekly_mail) == (False, True)
        assert "The settings are saved." in client.get("/analytics/settings").content.decode()

    def test_what_is_switched_off_is_said_beside_the_figures(self, page: Any, alice: User, dot: Dot):
        ListeningSettings.objects.create(owner=alice, keeps_attributes=False)
        make_day(dot, DAY)
        assert "you switched it off" in page(f"/analytics/?{RANGE}")

    def test_they_are_the_accounts_own(self, client: Client, alice: User, charlie: User):
        ListeningSettings.objects.create(owner=alice)
        client.force_login(charlie)
        client.post("/analytics/settings", {})
        assert ListeningSettings.objects.get(owner=alice).keeps_attributes
        assert not ListeningSettings.objects.get(owner=charlie).keeps_attributes

    def test_an_unconfirmed_address_is_told_that_no_mail_comes(self, client: Client, alice: User):
        alice.emailaddress_set.update(verified=False)  # type: ignore[attr-defined]
        client.force_login(alice)
        assert "not confirmed yet" in client.get("/analytics/settings").content.decode()

    def test_they_cannot_be_deleted(self, client: Client, alice: User):
        client.force_login(alice)
        assert client.delete("/analytics/settings").status_code == 405
