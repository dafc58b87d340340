"""The staff's page Analytics and the listeners' page about privacy, in a real browser."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from plays.models import Miss
from tests.browser.conftest import WCAG, accessibility_complaints
from tests.browser.test_client_area import sign_in
from tests.dashboard.listening import SHARES, make_day
from tests.dashboard.test_backoffice_analytics import DAY, made
from tests.factories import make_dot, make_owner

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RANGE = "from=2026-03-02&to=2026-03-08"


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_all_staff_can_use_analytics(page: Page, site: str, alice, width, colours):
    make_day(make_dot(owner=alice, title="قاعة القراءة"), DAY, shares=SHARES)
    made(alice, status="ready", seconds=2, duration_ms=1000)
    made(alice, status="failed", error_code="ENGINE_FAILED")
    Miss.objects.create(code="7KX3M9", day=DAY, reason="unknown", count=40)
    sign_in(page, site, make_owner(email="boss@example.org"))
    page.emulate_media(color_scheme=colours)
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(f"{site}/admin/")
    page.get_by_role("main").or_(page.locator("#content")).get_by_role("link", name="Analytics").first.click()
    expect(page.get_by_role("heading", name="Analytics", level=1)).to_be_visible()
    page.goto(f"{site}/admin/analytics/?{RANGE}")
    expect(page.get_by_role("img", name="Scans and plays")).to_be_visible()
    page.get_by_text("The figures as a table").click()
    expect(page.get_by_role("rowheader", name="March 2, 2026").first).to_be_visible()

    # The frame around it is django-unfold's.
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    found = Axe().run(page, context=".backoffice", options=options).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_everybody_can_read_about_privacy(page: Page, site: str, colours):
    page.emulate_media(color_scheme=colours)
    page.goto(f"{site}/privacy")

    expect(page.get_by_role("heading", name="What we count when you listen")).to_be_visible()
    assert accessibility_complaints(page) == []
