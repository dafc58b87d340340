"""The play page in a real browser, with a voice that was really spoken."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Browser, Page, expect

from generations.models import Dot
from generations.services import update_dot
from plays.models import Event
from tests.browser.conftest import accessibility_complaints, wait_for
from tests.factories import make_ready_generation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = (
    "The mill was built when the river was strong. Its wheel is four metres high.\n\n"
    "In winter the ice stopped it. Then the miller repaired his tools and listened.\n\n"
    "Today the wheel turns only for visitors. Please do not lean over the rail."
)


@pytest.fixture
def dot(site: str, alice: Any) -> Dot:
    """Live, about 15 seconds long; asks for ``site`` first, so that its addresses are right."""
    return make_ready_generation(owner=alice, text=TEXT, title="The old mill").dot


def audio(page: Page, what: str) -> Any:
    return page.evaluate(f"document.querySelector('audio').{what}")


def until(page: Page, condition: str) -> None:
    """Wait until a condition on the audio ``a`` holds."""
    wait_for(page, f"(() => {{ const a = document.querySelector('audio'); return {condition}; }})()")


def open_paused(page: Page, site: str, dot: Dot) -> None:
    update_dot(dot=dot, changes={"autoplay": False})
    page.goto(f"{site}/d/{dot.code}")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_where_the_browser_lets_it_it_starts_by_itself_and_is_heard(sounding_page: Page, site: str, dot: Dot):
    page = sounding_page
    page.goto(f"{site}/Q/{dot.code}")

    until(page, "!a.paused && a.currentTime > 0.5")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".player__status")).to_be_empty()
    expect(page.locator(".transcript [aria-current]")).to_have_count(1)


@pytest.mark.parametrize("key", ["Space", "Escape"])
def test_what_began_by_itself_stops_at_once_on_space_and_escape(sounding_page: Page, site: str, dot: Dot, key: str):
    page = sounding_page
    page.goto(f"{site}/d/{dot.code}")
    until(page, "!a.paused && a.currentTime > 0.2")

    page.keyboard.press(key)

    assert audio(page, "paused")


def test_space_stops_it_wherever_the_focus_is(sounding_page: Page, site: str, dot: Dot):
    page = sounding_page
    page.goto(f"{site}/d/{dot.code}")
    until(page, "!a.paused && a.currentTime > 0.2")

    for name in ("Pause", "Forward 10 seconds"):
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Space")
        until(page, "a.paused")
        assert audio(page, "currentTime") < 5
        page.reload()
        until(page, "!a.paused && a.currentTime > 0.2")


def test_where_the_browser_forbids_it_the_play_button_has_the_focus_and_it_is_said(page: Page, site: str, dot: Dot):
    page.goto(f"{site}/d/{dot.code}")

    button = page.get_by_role("button", name="Play", exact=True)
    expect(button).to_be_focused()
    expect(page.locator(".player").get_by_role("status")).to_contain_text("does not start sound by itself")
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44

    page.keyboard.press("Space")
    until(page, "!a.paused && a.currentTime > 0.3")
    expect(page.locator(".player").get_by_role("status")).to_be_empty()


def test_a_dot_that_shall_not_start_by_itself_waits(sounding_page: Page, site: str, dot: Dot):
    page = sounding_page
    open_paused(page, site, dot)

    until(page, "a.readyState >= 1")
    assert audio(page, "paused")
    assert page.evaluate("document.activeElement === document.body")


def test_it_is_worked_by_keyboard_alone(page: Page, site: str, dot: Dot):
    open_paused(page, site, dot)
    until(page, "a.readyState >= 1")

    page.keyboard.press("Space")
    until(page, "!a.paused")
    page.keyboard.press("ArrowRight")
    until(page, "a.currentTime >= 10")
    page.keyboard.press("ArrowLeft")
    until(page, "a.currentTime < 10")
    page.keyboard.press("Escape")
    until(page, "a.paused")

    seek = page.get_by_role("slider", name="Position")
    seek.focus()
    page.keyboard.press("Home")
    until(page, "a.currentTime < 0.1")
    page.keyboard.press("ArrowRight")
    until(page, "a.currentTime >= 10 && a.currentTime < 10.2")
    expect(seek).to_have_attribute("aria-valuetext", f"10 seconds of {int(audio(page, 'duration'))} seconds")


def test_every_control_is_reached_by_tab_in_the_order_in_which_it_stands(page: Page, site: str, dot: Dot):
    open_paused(page, site, dot)

    expected = [
        "Skip to the content",
        "MicDots",
        "Play",
        "Back 10 seconds",
        "Forward 10 seconds",
        "Previous sentence",
        "Next sentence",
        "Position",
        "Speed",
        "Volume",
        "Download the audio",
        "Share this page",
    ]
    names = []
    for _stop in expected:
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                "(() => { const e = document.activeElement;"
                " return e.getAttribute('aria-label') || (e.labels?.[0] ?? e).textContent.trim().split('\\n')[0]; })()"
            )
        )
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"

    assert names == expected


def test_speed_volume_and_sentences_do_what_they_say(page: Page, site: str, dot: Dot):
    open_paused(page, site, dot)
    until(page, "a.readyState >= 1")
    starts = page.eval_on_selector_all("[data-start]", "spans => spans.map(span => Number(span.dataset.start))")

    page.get_by_label("Speed").select_option("1.5")
    assert audio(page, "playbackRate") == 1.5
    page.get_by_label("Volume").fill("40")
    assert audio(page, "volume") == 0.4
    page.get_by_role("button", name="Next sentence").click()
    until(page, f"Math.abs(a.currentTime - {starts[1]}) < 0.05")
    page.get_by_role("button", name="Next sentence").click()
    until(page, f"Math.abs(a.currentTime - {starts[2]}) < 0.05")
    page.get_by_role("button", name="Previous sentence").click()
    until(page, f"Math.abs(a.currentTime - {starts[1]}) < 0.05")


def test_the_transcript_follows_the_voice_and_is_heard_from_where_one_clicks(page: Page, site: str, dot: Dot):
    open_paused(page, site, dot)
    sentence = page.get_by_text("In winter the ice stopped it.")

    sentence.click()

    until(page, "!a.paused")
    expect(sentence).to_have_attribute("aria-current", "true")
    until(page, "document.querySelector('[aria-current]').textContent.startsWith('Then the miller')")
    expect(page.locator(".transcript [aria-current]")).to_have_count(1)


def test_what_was_heard_is_told(page: Page, site: str, dot: Dot):
    open_paused(page, site, dot)
    page.get_by_label("Speed").select_option("2")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "a.currentTime > 10.5")
    page.evaluate("document.querySelector('audio').currentTime = document.querySelector('audio').duration * 0.96")
    until(page, "a.ended")

    page.wait_for_load_state("networkidle")
    events = list(Event.objects.exclude(kind="scan").order_by("pk"))
    assert [event.kind for event in events] == ["play", "progress", "complete"]
    assert len({event.visit for event in events}) == 1
    assert 10_000 <= events[1].heard_ms < 11_000
    dot.refresh_from_db()
    assert (dot.scans_count, dot.plays_count) == (1, 1)


def test_where_plays_are_counted_down_the_page_counts_when_it_is_played_and_not_before(
    page: Page, site: str, dot: Dot, browser: Browser
):
    update_dot(dot=dot, changes={"max_plays": 1})  # begins by itself, which this browser forbids
    page.goto(f"{site}/d/{dot.code}")
    button = page.get_by_role("button", name="Play", exact=True)
    expect(button).to_be_focused()
    page.get_by_role("button", name="Forward 10 seconds").click()
    page.wait_for_load_state("networkidle")
    assert [event.kind for event in Event.objects.all()] == ["scan"]

    button.click()
    until(page, "a.currentTime > 10.3")
    dot.refresh_from_db()
    assert dot.plays_count == 1
    other = browser.new_page()
    assert other.goto(f"{site}/d/{dot.code}").status == 410
    other.close()

    until(page, "a.ended")
    page.wait_for_load_state("networkidle")
    assert Event.objects.filter(kind="complete").count() == 1
    assert Event.objects.exclude(kind="scan").values("visit").distinct().count() == 1
    dot.refresh_from_db()
    assert dot.plays_count == 1


def test_nothing_is_kept_on_the_device(sounding_page: Page, site: str, dot: Dot):
    page = sounding_page
    page.goto(f"{site}/d/{dot.code}")
    until(page, "a.currentTime > 0.3")

    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("document.querySelector('audio').src").startswith(f"{site}/d/{dot.code}/audio.mp3")


def test_without_script_there_is_the_browsers_player_and_the_text(browser: Browser, site: str, dot: Dot):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/d/{dot.code}")

    expect(page.locator("audio[controls]")).to_be_visible()
    expect(page.locator(".player__controls")).to_be_hidden()
    expect(page.get_by_text("Its wheel is four metres high.")).to_be_visible()
    expect(page.get_by_role("link", name="Share this page")).to_have_attribute("href", f"{site}/d/{dot.code}")
    context.close()
    assert [event.kind for event in Event.objects.all()] == ["scan"]


def test_the_link_is_copied_where_the_device_cannot_share(browser: Browser, site: str, dot: Dot):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site}/d/{dot.code}")
    page.evaluate("navigator.share && Object.defineProperty(navigator, 'share', { value: undefined })")

    page.get_by_role("link", name="Share this page").click()

    expect(page.locator(".share-status")).to_have_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == f"{site}/d/{dot.code}"
    context.close()


def test_a_password_opens_a_page_that_plays(page: Page, site: str, dot: Dot):
    # Not by itself: a browser lets a page do so after the click on “Listen”, and ours might come before or after.
    Dot.objects.filter(pk=dot.pk).update(password=make_password("open sesame"), autoplay=False)
    page.goto(f"{site}/d/{dot.code}")
    assert accessibility_complaints(page) == []

    page.get_by_label("Password").fill("open sesame")
    page.get_by_role("button", name="Listen").click()
    page.get_by_role("button", name="Play", exact=True).click()

    until(page, "a.currentTime > 0.3")
    page.wait_for_load_state("networkidle")
    assert Event.objects.filter(kind="play").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_breaks_no_rule_of_wcag(page: Page, site: str, dot: Dot, scheme: Any):
    update_dot(
        dot=dot, changes={"description": "At the river.", "link": {"label": "More", "url": "https://example.org"}}
    )
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{site}/d/{dot.code}")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()

    assert accessibility_complaints(page) == []
    assert accessibility_complaints(page, rules=["wcag2aaa"]) == []
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "a.currentTime > 0.3")
    assert accessibility_complaints(page) == []


def test_on_a_narrow_screen_nothing_is_cut_off(page: Page, site: str, dot: Dot):
    update_dot(dot=dot, changes={"title": "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2})
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site}/d/{dot.code}")

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for control in page.locator("button:visible, select:visible, input:visible, a.button:visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44, control.evaluate("element => element.outerHTML.slice(0, 80)")
        assert box["x"] + box["width"] <= 320


@pytest.mark.parametrize("change", [{"is_active": False}, None])
def test_pages_for_what_cannot_be_heard_break_no_rule_of_wcag(browser: Browser, site: str, dot: Dot, change: Any):
    if change:
        update_dot(dot=dot, changes=change)
    page = browser.new_page()  # unwatched: the browser calls the status itself an error
    page.goto(f"{site}/d/{dot.code if change else 'ZZZZZZ'}")

    assert accessibility_complaints(page) == []
    page.close()
