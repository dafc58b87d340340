"""The list of dots in a real browser: what is being made becomes ready before one's eyes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from generations import renditions
from generations.models import Generation
from tests.browser.conftest import leave, watch
from tests.browser.test_client_area import sign_in
from tests.browser.test_client_area_accessibility import complaints_of
from tests.factories import make_dot, make_generation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def end(generation: Generation, status: str) -> None:
    Generation.objects.filter(pk=generation.pk).update(status=status, duration_ms=61_000)
    if status == Generation.Status.READY:
        renditions.elect(generation.dot, generation.language)


def test_rows_become_ready_without_a_reload_and_then_nothing_is_asked(page: Page, site: str, alice: User):
    first, second = (make_generation(owner=alice, text=f"The {name} dot.") for name in ("first", "second"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/dots/made" in request.url else None)
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/")
    rows = page.locator(".dot-row")
    expect(rows.get_by_text("being made")).to_have_count(2)
    page.evaluate("window.isTheSamePage = true")
    link = page.get_by_role("link", name="The first dot.")
    link.focus()
    page.get_by_label("Search in titles and texts").evaluate("field => field.value = 'half a wo'")
    with page.expect_response("**/dots/made*"):
        pass
    expect(rows.get_by_text("being made")).to_have_count(2)

    end(first, "ready")

    expect(rows.filter(has_text="The first dot.").get_by_text("live")).to_be_visible(timeout=10_000)
    expect(rows.filter(has_text="The first dot.")).to_contain_text("1:01")
    expect(rows.filter(has_text="The second dot.").get_by_text("being made")).to_be_visible()
    expect(page.locator("#dots-announcer")).to_have_text("“The first dot.” is ready.")
    expect(link).to_be_focused()
    expect(page.get_by_label("Search in titles and texts")).to_have_value("half a wo")
    assert complaints_of(page) == []

    end(second, "failed")

    expect(rows.filter(has_text="The second dot.").get_by_text("not made")).to_be_visible(timeout=10_000)
    expect(page.locator("#dots-announcer")).to_have_text("“The second dot.” could not be made.")
    expect(page.locator("#dots-making[hx-get]")).to_have_count(0)
    assert page.evaluate("window.isTheSamePage")
    before = len(asked)
    page.wait_for_timeout(4500)
    assert len(asked) == before
    assert complaints_of(page) == []


def test_a_list_that_is_searched_asks_for_what_it_shows(page: Page, site: str, alice: User):
    make_generation(owner=alice, text="An otter.")
    dot = make_dot(owner=alice, title="A giraffe.", search_text="a giraffe")
    giraffe = make_generation(owner=alice, text="A giraffe.", dot=dot)
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/")
    page.get_by_label("Search in titles and texts").fill("giraffe")
    expect(page.locator(".dot-row")).to_have_count(1)
    expect(page.locator("#dots-making")).to_have_attribute("hx-get", f"/dots/made?code={giraffe.dot.code}")
    end(giraffe, "ready")
    expect(page.locator(".dot-row").get_by_text("live")).to_be_visible(timeout=10_000)


def test_without_javascript_a_look_again_shows_it(browser: Browser, site: str, alice: User):
    generation = make_generation(owner=alice, text="A dot.")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    complaints = watch(page, site)
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/")
    expect(page.locator(".dot-row").get_by_text("being made")).to_be_visible()
    end(generation, "ready")
    page.reload()
    expect(page.locator(".dot-row").get_by_text("live")).to_be_visible()
    leave(page)
    context.close()
    assert complaints == []
