"""The client area in a real browser: from signing up to hearing the printed code."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import zxingcpp
from django.conf import settings as django_settings
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from generations.models import Dot, Generation
from generations.text import count_characters, normalise
from generations.voice_preparation import prepare_voice
from tests.browser.conftest import wait_for, watch
from tests.browser.worker import running_worker
from tests.factories import make_generation, make_ready_generation, make_voice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "Welcome to the old town hall. It was built in 1487, and it has burned down twice since. Look up!"
# Long enough to be seen in the making.
LONG_TEXT = "The path begins at the gate and follows the stream for eight hundred metres. " * 120


@pytest.fixture
def worker(site: str) -> Iterator[None]:
    with running_worker(site):
        yield


def sign_in(page: Page, site: str, user: User) -> None:
    """Give the browser a session of the account's; signing in by the form is tested where accounts are."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])


def read_code(picture: bytes) -> str:
    """What a phone reads in a screenshot."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    assert len(found) == 1
    return str(found[0].text)


def test_from_signing_up_to_hearing_the_printed_code(page: Page, site: str, worker: None):
    make_voice()
    make_voice(key="espeak:de", label="German", language="de")

    page.goto(site)
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("E-mail").fill("newcomer@example.org")
    page.get_by_label("Password", exact=True).fill("tall-grass-sings-42")
    page.get_by_role("button", name="Make my account").click()

    expect(page.get_by_role("heading", name="Your first dot in three steps")).to_be_visible()
    page.get_by_role("link", name="Make your first dot").click()
    page.get_by_label("Text", exact=True).fill(LONG_TEXT[:7000])
    expect(page.locator("#counter")).to_contain_text("7,000 characters")
    expect(page.locator("#counter")).to_contain_text("7,000 tokens")
    page.get_by_label("Title").fill("The woodland walk")
    page.get_by_label("Voice", exact=True).select_option("espeak:en-gb")
    page.get_by_role("button", name="Make the dot").click()

    # Watched being made, on one and the same page.
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.evaluate("window.stayed = true")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=60_000)
    assert page.evaluate("window.stayed") is True
    expect(page.locator("#dot-announcer")).to_have_text("English (United Kingdom) is ready.")
    expect(page.get_by_role("progressbar")).to_have_count(0)

    page.get_by_role("button", name="Play", exact=True).click()
    wait_for(page, "document.querySelector('audio').currentTime > 0.5")
    page.get_by_role("button", name="Pause").click()

    picture = page.get_by_role("img", name="QR code")
    wait_for(page, "document.querySelector('.qr img').naturalWidth > 0")
    address = read_code(picture.screenshot())
    assert address == Dot.objects.get().print_url
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PNG").click()
    assert download.value.suggested_filename == f"micdots-{Dot.objects.get().code}.png"

    page.goto(address)
    expect(page.get_by_role("heading", name="The woodland walk")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for(page, "document.querySelector('audio').currentTime > 0.5")


def test_without_javascript_a_dot_is_made_all_the_same(browser: Browser, site: str, alice: User, worker: None):
    make_voice()
    page = browser.new_context(java_script_enabled=False).new_page()
    complaints = watch(page, site)
    sign_in(page, site, alice)

    page.goto(f"{site}/dots/new")
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_role("button", name="Check the price").click()
    expect(page.locator("#price")).to_contain_text(f"{len(TEXT)} tokens")
    page.get_by_role("button", name="Make the dot").click()
    for _look in range(60):
        again = page.get_by_role("link", name="Look again how far it is")
        if not again.count():
            break
        again.click()
    expect(page.locator("audio[controls]")).to_be_visible()
    expect(page.locator(".transcript")).to_contain_text("Welcome to the old town hall.")
    assert page.get_by_role("link", name="Download SVG").count()
    assert complaints == []


def test_the_bar_follows_and_says_milestones_without_taking_the_focus(page: Page, site: str, alice: User):
    generation = make_generation(owner=alice, status=Generation.Status.PROCESSING, progress=3)
    rows = Generation.objects.filter(pk=generation.pk)
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/{generation.dot.code}/")
    bar, announcer = page.get_by_role("progressbar"), page.locator("#dot-announcer")
    page.get_by_role("button", name="Cancel").focus()

    rows.update(progress=30)
    expect(bar).to_have_attribute("value", "30")
    expect(announcer).to_have_text("English (United Kingdom): 25 % done.")
    rows.update(progress=45)
    expect(bar).to_have_attribute("value", "45")
    expect(announcer).to_have_text("English (United Kingdom): 25 % done.")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()

    rows.update(status=Generation.Status.FAILED, error_code="NO_SPEECH", is_refunded=True)
    expect(page.get_by_role("heading", name="could not be made")).to_be_visible()
    expect(announcer).to_have_text("English (United Kingdom) could not be made. The tokens are back.")
    # The button went with the bar; the focus goes on at the top of what took its place.
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_cancelling_stops_it_and_gives_the_tokens_back(page: Page, site: str, alice: User):
    make_voice()
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/new")
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_role("button", name="Make the dot").click()

    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text("Cancelled. The tokens are back.")).to_be_visible()
    assert User.objects.get(pk=alice.pk).token_balance == 10_000


@pytest.mark.parametrize(
    "text",
    [
        "Plain words.",
        "  Spaces \t at \t the edges \n\n\n\n and many blank lines   \n",
        "[pause 1.5s] Marks are free. [Pause 2s][pause 3,25 s] [pause  4s]",
        "Zoë and Zoe\u0308, Å and A\u030a",
        "👩‍👩‍👧 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 𝒳𝒴",
        "\ufeff\u200bHidden at the edges\u2060\u00ad",
        "Line\r\nends\rof\u2028every\u2029kind",
        "مرحبا بكم في المتحف",
        "word " * 2000,
        "a" + " " * 20_000 + "b",
    ],
)
def test_the_counter_counts_as_the_server_does(page: Page, site: str, alice: User, text: str):
    make_voice()
    sign_in(page, site, alice)
    page.goto(f"{site}/voices/")  # any page: the module does nothing where its form is not

    counted = page.evaluate("async (text) => (await import('/static/js/speech-form.js')).countCharacters(text)", text)

    assert counted == count_characters(normalise(text))


def test_too_long_and_too_dear_is_said_while_typing(page: Page, site: str, alice: User):
    make_voice()
    make_voice(key="espeak:short", label="Short", language="de", max_characters=50)
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/new")

    page.get_by_label("Text", exact=True).fill("word " * 3000)
    expect(page.locator("#counter strong")).to_have_text("4,999 tokens are missing")
    page.get_by_label("Voice", exact=True).select_option("espeak:short")
    expect(page.locator("#counter strong").first).to_have_text("14,949 too many for this voice")
    expect(page.locator("#counter-status")).not_to_be_empty()
    page.get_by_label("Text", exact=True).fill("Short.")
    expect(page.locator("#counter strong")).to_have_count(0)
    expect(page.locator("#counter-status")).to_be_empty()


def test_voices_are_found_by_typing_and_picked_by_keyboard(page: Page, site: str, alice: User):
    make_voice()
    for key, label, language in [("de", "German", "de"), ("fr", "French (France)", "fr"), ("fr-ch", "French", "fr-CH")]:
        make_voice(key=f"espeak:{key}", label=label, language=language)
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/new")
    voice = page.get_by_label("Voice", exact=True)

    page.get_by_label("Find a voice").press_sequentially("fren")
    expect(page.locator("#voice-search-count")).to_have_text("2 voices")
    expect(voice.locator("option")).to_have_count(3)  # what is picked stays in the list
    expect(voice).to_have_value("espeak:en-gb")
    page.keyboard.press("Enter")
    expect(voice).to_be_focused()
    page.keyboard.press("End")
    assert voice.input_value().startswith("espeak:fr")

    page.get_by_label("Find a voice").fill("klingon")
    expect(page.locator("#voice-search-count")).to_have_text("No voice fits. Try another word.")
    assert voice.input_value().startswith("espeak:fr")


def test_samples_in_the_gallery_play_one_at_a_time(page: Page, site: str, db: Any):
    first = make_voice()
    second = make_voice(key="espeak:de", label="German", language="de")
    for row in (first, second):
        prepare_voice(voice_id=row.pk)
    page.goto(f"{site}/voices/")
    english = page.get_by_role("button", name="English (Great Britain)")
    german = page.get_by_role("button", name="German")

    english.click()
    expect(english).to_have_attribute("aria-pressed", "true")
    expect(english).to_contain_text("Stop")
    german.focus()
    page.keyboard.press("Space")
    expect(german).to_have_attribute("aria-pressed", "true")
    expect(english).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#voices-status")).to_be_empty()

    page.get_by_label("Language or name").press_sequentially("engl")
    expect(german).to_have_count(0)
    expect(page.locator("#voices-count")).to_contain_text("1 voice")
    english.click()
    expect(english).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(english).to_have_attribute("aria-pressed", "false")


def test_the_list_is_searched_while_typing(page: Page, site: str, alice: User):
    for text in ("The giraffe sleeps standing.", "The otter sleeps swimming."):
        make_generation(owner=alice, text=text, status=Generation.Status.READY)
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/")

    page.get_by_label("Search in titles and texts").press_sequentially("otter")

    expect(page.get_by_role("link", name="giraffe")).to_have_count(0)
    expect(page.locator("#dots-count")).to_have_text("1 dot")
    assert "q=otter" in page.url
    page.get_by_label("Search in titles and texts").fill("unicorn")
    expect(page.get_by_role("link", name="Show all dots")).to_be_visible()
    expect(page.locator("#dots-count")).to_have_text("No dot fits")


def test_the_link_is_copied(browser: Browser, site: str, alice: User):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints = watch(page, site)
    dot = make_ready_generation(owner=alice, text=TEXT).dot
    sign_in(page, site, alice)
    page.goto(f"{site}/dots/{dot.code}/")

    page.get_by_role("button", name="Copy").click()

    expect(page.locator("#dot-announcer")).to_have_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == dot.play_url
    assert complaints == []
