"""What the caption editor refuses: the focus goes to what is wrong, and it is said."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import User
from generations.models import Generation
from generations.webvtt import parse_vtt
from tests.browser.conftest import leave, watch
from tests.browser.test_client_area import sign_in
from tests.browser.test_client_area_accessibility import complaints_of
from tests.factories import make_ready_generation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OVERLAP = "WEBVTT\n\n00:00.000 --> 00:01.000\nOne.\n\n00:00.500 --> 00:01.500\nTwo.\n"


@pytest.fixture
def generation(alice: User) -> Generation:
    text = "The path begins at the gate. It follows the stream for a mile. Look up!"
    return make_ready_generation(owner=alice, text=text)


@pytest.fixture
def editor(page: Page, site: str, alice: User, generation: Generation) -> Page:
    sign_in(page, site, alice)
    page.goto(f"{site}/generations/{generation.public_id}/captions")
    expect(page.locator(".caption-row")).to_have_count(3)
    return page


def cue(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=f"Cue {number}", exact=True)


def said(page: Page) -> Locator:
    return page.locator("caption-editor [role=status]")


def send_past_the_script(page: Page, vtt: str) -> None:
    """The form as the server gets it from whoever the script has not stopped."""
    page.evaluate(
        "vtt => { const area = document.querySelector('.captions-input'); area.value = vtt; area.form.submit(); }",
        vtt,
    )
    expect(page.locator("#error-summary")).to_be_visible()


@pytest.mark.parametrize(
    ("number", "field", "typed", "sentence"),
    [
        (2, "Begins", "half past", "Write a time like 0:01.500."),
        (2, "Ends", "0:61:00:00", "Write a time like 0:01.500."),
        (2, "Begins", "0:00.000", "It begins before the cue above has ended."),
        (2, "Ends", "0:00.001", "It has to end after it begins."),
        (3, "Ends", "9:59", "It ends after the audio."),
        (3, "Text", "  ", "This cue has no text. Type some or delete it."),
        (1, "Text", "Bell \x07", "There is a character in this text that cannot be seen."),
    ],
)
def test_the_focus_goes_to_what_is_wrong_and_it_is_said(
    editor: Page, generation: Generation, number: int, field: str, typed: str, sentence: str
):
    wrong = cue(editor, number).get_by_label(field, exact=True)
    right = wrong.input_value()
    wrong.fill(typed)
    editor.get_by_role("button", name="Save").click()

    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description(re.compile(re.escape(sentence)))
    expect(said(editor)).to_contain_text(f"Not saved yet. Cue {number}: {sentence}")
    expect(editor.locator(".caption-row__trouble:visible")).to_have_count(1)
    assert is_seen(wrong)
    assert complaints_of(editor) == []
    assert Generation.objects.get().captions == generation.captions

    # Mended, it is no longer marked, and can be saved.
    wrong.fill(right)
    expect(editor.locator(".caption-row__trouble:visible")).to_have_count(0)
    editor.get_by_role("button", name="Save").click()
    editor.wait_for_url("**/dots/*/")
    assert parse_vtt(Generation.objects.get().captions) == parse_vtt(generation.captions)


def test_of_several_the_first_has_the_focus(editor: Page):
    for number in (3, 2):
        cue(editor, number).get_by_label("Ends", exact=True).fill("soon")
    editor.get_by_role("button", name="Save").click()
    expect(cue(editor, 2).get_by_label("Ends", exact=True)).to_be_focused()
    expect(editor.locator(".caption-row__trouble:visible")).to_have_count(2)


def test_a_cue_without_a_time_is_not_played_but_says_why(editor: Page):
    begins = cue(editor, 2).get_by_label("Begins", exact=True)
    begins.fill("")
    editor.get_by_role("button", name="Play cue 2").click()
    expect(begins).to_be_focused()
    expect(said(editor)).to_have_text("Cue 2: Write a time like 0:01.500.")


def test_what_moving_puts_wrong_is_said(editor: Page):
    editor.get_by_label("By seconds").fill("+900")
    editor.get_by_label("From cue").fill("3")
    editor.get_by_role("button", name="Move them").click()
    expect(said(editor)).to_have_text("Cues moved: 1. Cue 3: It ends after the audio.")
    expect(editor.get_by_role("button", name="Move them")).to_be_focused()


def test_without_any_cue_the_way_to_make_one_has_the_focus(editor: Page):
    for _number in range(3):
        cue(editor, 1).get_by_role("button", name="Delete").click()
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("button", name="Add a cue at the end")).to_be_focused()
    expect(said(editor)).to_have_text("Not saved yet. There is no cue; add the first one.")


def test_what_the_server_refuses_is_shown_in_its_cue(editor: Page):
    send_past_the_script(editor, OVERLAP)
    expect(cue(editor, 2).get_by_label("Begins", exact=True)).to_be_focused()
    expect(said(editor)).to_have_text("Not saved yet. Cue 2: It begins before the cue above has ended.")
    assert complaints_of(editor) == []


def test_what_only_the_server_sees_is_in_the_summary_which_leads_into_the_editor(editor: Page):
    send_past_the_script(editor, "WEBVTT\n")
    expect(editor.locator("#error-summary")).to_be_focused()
    editor.locator("#error-summary").get_by_role("link").click()
    expect(editor.get_by_role("button", name="Add a cue at the end")).to_be_focused()


def test_without_javascript_the_summary_has_the_focus(browser: Browser, site: str, alice: User, generation: Generation):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    complaints = watch(page, site)
    sign_in(page, site, alice)
    page.goto(f"{site}/generations/{generation.public_id}/captions")
    page.get_by_label("Captions", exact=True).fill(OVERLAP)
    page.get_by_role("button", name="Save").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("this cue begins before the one above it has ended")
    expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    expect(page.get_by_label("Captions", exact=True)).to_be_focused()
    expect(page.get_by_label("Captions", exact=True)).to_have_attribute("aria-invalid", "true")
    leave(page)
    context.close()
    assert complaints == []


def is_seen(element: Any) -> bool:
    """Whether its middle is not under something else, such as the player at the top."""
    return bool(
        element.evaluate("""element => {
          const {left, top, width, height} = element.getBoundingClientRect();
          return document.elementFromPoint(left + width / 2, top + height / 2) === element;
        }""")
    )
