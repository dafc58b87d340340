"""The preview of a sound in a real browser: its waveform comes while one listens, and leads to a place by a click."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests.browser.conftest import leave, wait_for, watch
from tests.browser.test_client_area import sign_in
from tests.browser.test_client_area_accessibility import complaints_of
from tests.factories import make_file
from tests.generations.recordings import recording, speech
from uploads import previews
from uploads.models import File

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def make_sound(owner: User) -> File:
    data = recording(speech(), "webm", "libopus")
    return make_file(
        owner=owner, file_name="Walk.webm", content_type="audio/webm", content=data, duration_ms=len(speech()) // 48
    )


def test_the_waveform_comes_without_stopping_the_sound(sounding_page: Page, site: str, alice: User):
    page = sounding_page
    file = make_sound(alice)
    sign_in(page, site, alice)
    page.goto(f"{site}/files/{file.public_id}/")
    expect(page.get_by_text("The waveform is being made…")).to_be_visible()
    assert complaints_of(page) == []
    page.evaluate("document.querySelector('audio').play()")
    wait_for(page, "document.querySelector('audio').currentTime > 0.1")

    previews.make_preview(file.pk)

    wave = page.get_by_role("img", name="Waveform of Walk.webm: 0 min")
    expect(wave).to_be_visible(timeout=10_000)
    assert not page.evaluate("document.querySelector('audio').paused")
    wait_for(page, "parseFloat(document.querySelector('.waveform__drawing').style.getPropertyValue('--heard')) > 1")
    # It asks no more.
    expect(page.locator("#waveform[hx-get]")).to_have_count(0)

    page.evaluate("document.querySelector('audio').pause()")
    box = wave.bounding_box()
    assert box
    wave.click(position={"x": box["width"] * 0.75, "y": box["height"] / 2})
    seconds = len(speech()) / 48_000
    assert page.evaluate("document.querySelector('audio').currentTime") == pytest.approx(0.75 * seconds, abs=0.3)
    wait_for(page, "parseFloat(document.querySelector('.waveform__drawing').style.getPropertyValue('--heard')) > 70")
    assert complaints_of(page) == []


def test_a_sound_that_cannot_be_drawn_says_so(page: Page, site: str, alice: User):
    file = make_sound(alice)
    File.objects.update(preview_made_at=file.created_at)
    sign_in(page, site, alice)
    page.goto(f"{site}/files/{file.public_id}/")
    expect(page.get_by_text("The waveform of this sound could not be drawn.")).to_be_visible()
    expect(page.locator("audio")).to_be_visible()
    assert complaints_of(page) == []


def test_without_javascript_the_waveform_is_there(browser: Browser, site: str, alice: User):
    file = make_sound(alice)
    previews.make_preview(file.pk)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    complaints = watch(page, site)
    sign_in(page, site, alice)
    page.goto(f"{site}/files/{file.public_id}/")
    expect(page.get_by_role("img", name="Waveform of Walk.webm")).to_be_visible()
    expect(page.locator("audio[controls]")).to_be_visible()
    leave(page)
    context.close()
    assert complaints == []
