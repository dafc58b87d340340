"""Who listened, in a real browser: charts that can be read without being seen, the keyboard, paper, no JavaScript."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from generations.models import Dot, DotTag
from plays.models import Event
from tests.browser.conftest import watch
from tests.browser.test_client_area import sign_in
from tests.browser.test_client_area_accessibility import LONG_TITLE, complaints_of
from tests.dashboard.listening import SHARES, make_day, make_hour
from tests.factories import make_dot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DAY = date(2026, 11, 12)
RANGE = "from=2026-11-10&to=2026-11-16"


def listened_to(alice: User) -> Dot:
    dot = make_dot(owner=alice, title=LONG_TITLE)
    DotTag.objects.create(dot=dot, name="museum")
    for number in range(7):
        make_day(
            dot, date(2026, 11, 10 + number), scans=1000 * number, shares=SHARES, zone="UTC" if number else "Asia/Tokyo"
        )
    make_day(make_dot(owner=alice), DAY, language="ar")
    return dot


def all_dots(alice: User) -> str:
    listened_to(alice)
    return f"/analytics/?{RANGE}"


def one_dot(alice: User) -> str:
    return f"/analytics/dots/{listened_to(alice).public_id}?{RANGE}&compare=none"


def hours(alice: User) -> str:
    dot, now = make_dot(owner=alice), timezone.now().replace(minute=0, second=0, microsecond=0)
    make_day(dot, now.date(), shares=SHARES)
    make_hour(dot, now)
    return "/analytics/?days=2&interval=hour"


def a_long_time(alice: User) -> str:
    listened_to(alice)
    return "/analytics/?from=2022-01-01&to=2026-11-16"


def quiet(alice: User) -> str:
    make_dot(owner=alice)
    return "/analytics/"


def first_visit(alice: User) -> str:
    return "/analytics/"


def settings_page(alice: User) -> str:
    return "/analytics/settings"


PAGES: list[Callable[[User], str]] = [all_dots, one_dot, hours, a_long_time, quiet, first_visit, settings_page]


@pytest.mark.parametrize("build", PAGES, ids=lambda build: build.__name__)
def test_everybody_can_use(page: Page, site: str, alice: User, build: Callable[[User], str]):
    address = build(alice)
    sign_in(page, site, alice)
    page.goto(site + address)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")

    assert complaints_of(page) == []


def test_a_chart_says_in_words_and_in_a_table_what_it_shows(page: Page, site: str, alice: User):
    listened_to(alice)
    sign_in(page, site, alice)
    page.goto(f"{site}/analytics/?{RANGE}")

    chart = page.get_by_role("img", name="Scans and plays, Nov. 10, 2026 to Nov. 16, 2026")
    expect(chart).to_have_accessible_description(
        "21,010 scans and 64 plays. Most scans: 6,000, Nov. 16, 2026. All figures are in the table below."
    )
    page.get_by_text("The figures as a table").first.click()
    row = page.get_by_role("row", name="Nov. 16, 2026")
    expect(row.get_by_role("cell").first).to_have_text("6,000")
    # Drawn, and as large as its box: lines of different kinds, which need no colour to be told apart.
    expect(chart.locator(".chart__line")).to_have_count(3)
    dashes = chart.locator(".chart__line").evaluate_all(
        "lines => lines.map(line => getComputedStyle(line).strokeDasharray)"
    )
    assert dashes == ["1.5px, 4px", "7px, 4px", "none"]
    box = chart.locator(".chart__line--scans").bounding_box()
    assert box is not None
    assert box["width"] > 500
    assert box["height"] > 100


def test_the_keyboard_reaches_everything(page: Page, site: str, alice: User):
    listened_to(alice)
    sign_in(page, site, alice)
    page.goto(f"{site}/analytics/?{RANGE}")

    page.get_by_label("Tag").focus()
    page.keyboard.press("m")  # chooses “museum”
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Tag")).to_have_value("museum")
    expect(page.locator(".figures dd").first).to_contain_text("21,000")

    page.locator("summary", has_text="The figures as a table").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name="Listening, Nov. 10, 2026 to Nov. 16, 2026")).to_be_focused()


def test_the_number_of_listeners_is_kept_up_to_date(page: Page, site: str, alice: User):
    dot = listened_to(alice)
    sign_in(page, site, alice)
    page.clock.install()
    page.goto(f"{site}/analytics/?{RANGE}")
    expect(page.locator("#listening-now")).to_contain_text("0 people")

    for visit, text in (("one", "1 person"), ("two", "2 people")):
        Event.objects.create(event_id=uuid.uuid4(), kind="play", dot=dot, language="en-GB", visit=visit)
        # Again, because a clock that is put forward while htmx still puts the last answer in its place misses its turn.
        for _turn in range(40):
            page.clock.fast_forward(16_000)
            page.wait_for_timeout(100)
            if text in page.locator("#listening-now").inner_text():
                break
        expect(page.locator("#listening-now")).to_contain_text(text)

    # What changes by itself can be put away.
    page.get_by_text("Listening now").click()
    expect(page.locator("#listening-now")).to_be_hidden()


def test_a_refused_period_is_told_with_the_focus(browser: Browser, site: str, alice: User):
    listened_to(alice)
    page = browser.new_context().new_page()  # not watched: the browser's console takes the 422 for an error
    sign_in(page, site, alice)
    page.goto(f"{site}/analytics/")
    first, last = page.locator("[name=from]"), page.locator("[name=to]")
    first.fill("2026-11-20")
    last.fill("2026-11-01")
    with page.expect_response(lambda response: response.status == 422):
        page.get_by_role("button", name="Show").click()

    summary = page.locator("#error-summary")
    assert summary.evaluate("element => element === document.activeElement")
    summary.get_by_role("link").first.click()
    expect(last).to_be_focused()
    expect(first).to_have_value("2026-11-20")
    assert complaints_of(page) == []


def test_without_javascript_all_of_it_works(browser: Browser, site: str, alice: User):
    listened_to(alice)
    page = browser.new_context(java_script_enabled=False).new_page()
    complaints = watch(page, site)
    sign_in(page, site, alice)

    page.goto(f"{site}/analytics/?{RANGE}")
    page.get_by_label("Language", exact=True).select_option("ar")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".figures dd").first).to_contain_text("10")
    page.get_by_text("The figures as a table").first.click()
    expect(page.get_by_role("row", name="Nov. 12, 2026")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as Excel workbook").click()
    assert download.value.suggested_filename == "micdots-all-2026-11-10-2026-11-16.xlsx"
    page.goto(f"{site}/analytics/settings")
    page.get_by_label("Send me a summary every week").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    expect(page.get_by_label("Send me a summary every week")).to_be_checked()
    assert complaints == []


def test_on_paper_it_is_black_on_white_also_in_the_dark(page: Page, site: str, alice: User):
    listened_to(alice)
    sign_in(page, site, alice)
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(f"{site}/analytics/?{RANGE}")

    line, text = page.locator(".chart-frame .chart__line--scans"), page.locator(".chart__text").first
    assert line.evaluate("line => getComputedStyle(line).stroke") == "rgb(0, 0, 0)"
    assert text.evaluate("text => getComputedStyle(text).fill") == "rgb(51, 51, 51)"
    expect(page.get_by_role("button", name="Show")).to_be_hidden()
    expect(page.get_by_role("link", name="Download as CSV")).to_be_hidden()
    for card in page.locator(".card").all():
        assert card.evaluate("card => getComputedStyle(card).backgroundColor") == "rgb(255, 255, 255)"


def test_the_way_there_and_back(page: Page, site: str, alice: User):
    dot = make_dot(owner=alice, title="The gate")
    make_day(dot, timezone.localdate() - timedelta(days=1))
    sign_in(page, site, alice)
    page.goto(f"{site}/home")
    page.get_by_role("link", name="Analytics").click()
    expect(page.get_by_role("link", name="Analytics")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="The gate").click()
    expect(page.get_by_role("heading", name="Who listened to “The gate”")).to_be_visible()
    page.get_by_role("link", name="To the dot").click()
    page.get_by_role("link", name="Who listened, when and where").click()
    expect(page.get_by_role("heading", name="Who listened to “The gate”")).to_be_visible()
