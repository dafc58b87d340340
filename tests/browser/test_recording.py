"""From a microphone to a dot that plays, in a real browser with a microphone that plays a file."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect

from accounts.models import User
from generations import pipeline
from generations.models import Generation
from generations.webvtt import parse_vtt
from tests.browser.conftest import ARGUMENTS, CHROMIUM, accessibility_complaints, leave, wait_for, watch
from tests.browser.test_client_area import sign_in
from tests.browser.worker import running_worker
from tests.factories import make_dot, make_voice
from tests.generations.recordings import RATE, make_upload, recording, silence, speech
from tests.generations.sound import decode, ebur128
from uploads.models import Upload
from uploads.storage import store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's microphone hears, over and over: a moment of silence, then a voice."""
    path = tmp_path_factory.mktemp("microphone") / "voice.wav"
    samples = np.concatenate([silence(0.5), speech() * 0.5])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def hearing_browser(playwright: Playwright, microphone: Path) -> Iterator[Browser]:
    arguments = [
        *ARGUMENTS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
        "--autoplay-policy=no-user-gesture-required",
    ]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def context(hearing_browser: Browser, site: str) -> Iterator[BrowserContext]:
    context = hearing_browser.new_context()
    yield context
    context.close()


@pytest.fixture
def refusals() -> list[str]:
    """What the browser writes into its console when a request is refused or cut off; a test that means it names it."""
    return []


@pytest.fixture
def page(context: BrowserContext, site: str, alice: User, refusals: list[str]) -> Iterator[Page]:
    """Alice's page, watched, in a browser that hears."""
    make_voice()
    page = context.new_page()
    complaints = watch(page, site)
    sign_in(page, site, alice)
    yield page
    page.on("dialog", lambda dialog: dialog.accept())
    leave(page)
    assert [each for each in complaints if not any(meant in each for meant in refusals)] == []


def record(page: Page, seconds: float = 2.5) -> None:
    """Record for so long as the page's own clock says."""
    page.get_by_role("button", name="Start recording").click()
    listen(page, seconds)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("heading", name="Listen before you send")).to_be_visible()


def listen(page: Page, seconds: float) -> None:
    expect(page.locator("[data-time]")).to_have_text(f"0:0{int(seconds + 0.99)}", timeout=20_000)


def test_from_the_microphone_to_a_dot_that_plays(page: Page, site: str, alice: User):
    with running_worker(site):
        page.goto(f"{site}/dots/new")
        page.get_by_role("link", name="From a recording instead").click()
        page.get_by_role("button", name="Start recording").click()
        expect(page.locator("mic-recorder [role=status]")).to_have_text("Recording.")
        wait_for(page, "document.querySelector('#recorder-level').value > 30")
        listen(page, 1)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("button", name="Go on")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Pause")).to_be_focused()
        listen(page, 4)
        page.get_by_role("button", name="Stop", exact=True).click()

        # Heard before it is sent; its address is this page's own.
        expect(page.locator("mic-recorder [role=status]")).to_contain_text("Recorded: 0 min")
        page.evaluate("document.querySelector('.recording-source__take audio').play()")
        wait_for(page, "document.querySelector('.recording-source__take audio').currentTime > 0.3")
        assert not Upload.objects.exists()

        page.get_by_label("Language", exact=True).select_option("en-GB")
        page.get_by_label("Title").fill("The path")
        page.get_by_label("Transcript").fill("The path begins at the gate. It follows the stream.")
        page.get_by_role("button", name="Make the dot").click()

        expect(page.get_by_role("heading", name="The path", exact=True)).to_be_visible(timeout=30_000)
        play = page.get_by_role("button", name="Play", exact=True)
        expect(play).to_be_visible(timeout=60_000)
        play.click()
        wait_for(page, "document.querySelector('audio').currentTime > 0.5")

    generation = Generation.objects.get()
    assert (generation.source, generation.tokens, generation.upload.content_type) == ("upload", 0, "audio/webm")
    assert 2 < generation.duration_seconds < 6
    with store().open(generation.audio_key) as audio:
        loudness, peak = ebur128(*decode(audio.read()))
    assert loudness == pytest.approx(-16, abs=1.5)
    assert peak <= -1

    page.goto(f"{site}/d/{generation.dot.code}")
    expect(page.locator(".transcript")).to_contain_text("It follows the stream.")
    expect(page.locator(".synthetic")).to_have_count(0)


def test_a_browser_that_records_mp4_makes_a_dot_as_well(page: Page, site: str):
    page.add_init_script("MediaRecorder.isTypeSupported = (type) => type === 'audio/mp4'")
    page.goto(f"{site}/dots/new/recording")
    record(page)
    page.get_by_label("Language", exact=True).select_option("en-GB")
    page.get_by_role("button", name="Make the dot").click()
    page.wait_for_url("**/dots/*/")

    generation = Generation.objects.get()
    assert (generation.upload.content_type, generation.upload.key[-4:]) == ("audio/mp4", ".m4a")
    pipeline.fulfil(generation.pk)
    generation.refresh_from_db()
    assert generation.status == Generation.Status.READY
    assert generation.duration_seconds == pytest.approx(3, abs=1.2)


@pytest.mark.parametrize(("most_in_one_put", "kind"), [(100 * 1024**2, "single"), (1024, "multipart")])
def test_a_cut_in_the_middle_loses_nothing(
    page: Page, site: str, refusals: list[str], settings: Any, most_in_one_put: int, kind: str
):
    refusals.append("net::ERR_")
    settings.UPLOAD_MAX_BYTES = most_in_one_put
    page.goto(f"{site}/dots/new/recording")
    record(page)
    page.get_by_label("Language", exact=True).select_option("en-GB")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4_000}  # bytes a second
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Make the dot").click()
    wait_for(page, "document.querySelector('.sending progress').value > 5")
    expect(page.locator(".sending__text")).to_contain_text(re.compile(r"Sending: \d+ % · .+ of .+ a second, .+ left"))
    network.send("Network.emulateNetworkConditions", slow | {"offline": True})

    expect(page.locator(".sending__text")).to_contain_text("Your recording is still here")
    again = page.get_by_role("button", name="Send again")
    expect(again).to_be_focused()
    expect(page.get_by_role("button", name="Make the dot")).to_be_enabled()
    page.evaluate("document.querySelector('.recording-source__take audio').play()")
    wait_for(page, "document.querySelector('.recording-source__take audio').currentTime > 0.3")
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    again.click()

    page.wait_for_url("**/dots/*/")
    upload = Generation.objects.get().upload
    assert (upload.is_completed, upload.kind) == (True, kind)


def test_above_the_limit_of_one_put_it_goes_in_parts_and_goes_on_where_it_was_cut_off(
    page: Page, site: str, refusals: list[str], settings: Any
):
    refusals.append("net::ERR_")
    settings.UPLOAD_MAX_BYTES = 1024**2
    settings.MULTIPART_PART_BYTES = 5 * 1024**2
    data = recording(np.tile(speech(), 12))
    assert 5 * 1024**2 < len(data) < 10 * 1024**2
    sent: list[str] = []
    is_cut = True

    def second_part_fails(route: Route) -> None:
        if route.request.method != "PUT":
            return route.fallback()
        number = parse_qs(urlsplit(route.request.url).query)["partNumber"][0]
        sent.append(number)
        return route.abort() if number == "2" and is_cut else route.fallback()

    page.goto(f"{site}/dots/new/recording")
    page.get_by_label("A file from this device").check()
    page.get_by_label("Audio file").set_input_files({"name": "Walk.wav", "mimeType": "audio/wav", "buffer": data})
    page.get_by_label("Language", exact=True).select_option("en-GB")
    page.route("**/media/**", second_part_fails)
    page.get_by_role("button", name="Make the dot").click()
    expect(page.locator(".sending__text")).to_contain_text("Your recording is still here", timeout=15_000)
    assert sent == ["1", "2", "2", "2"]  # it has tried by itself first
    assert not Generation.objects.exists()

    is_cut = False
    page.get_by_role("button", name="Send again").click()

    page.wait_for_url("**/dots/*/")
    assert sent == ["1", "2", "2", "2", "2"]
    upload = Generation.objects.get().upload
    assert (upload.kind, upload.bytes) == (Upload.Kind.MULTIPART, len(data))


def test_an_answer_that_is_lost_is_asked_for_again_without_sending_twice(page: Page, site: str, refusals: list[str]):
    refusals.append("net::ERR_")
    puts: list[str] = []
    page.on("request", lambda request: puts.append(request.url) if request.method == "PUT" else None)
    page.goto(f"{site}/dots/new/recording")
    record(page, 1)
    page.get_by_label("Language", exact=True).select_option("en-GB")
    page.route("**/files/uploads/*/complete", lambda route: route.abort())
    page.get_by_role("button", name="Make the dot").click()
    expect(page.locator(".sending__text")).to_contain_text("Your recording is still here")

    page.unroute("**/files/uploads/*/complete")
    page.get_by_role("button", name="Send again").click()

    page.wait_for_url("**/dots/*/")
    assert len(puts) == Upload.objects.count() == 1


def test_after_signing_in_again_elsewhere_it_can_be_sent(page: Page, site: str, alice: User, refusals: list[str]):
    """The session ends while somebody records; another tab brings a new one, with another token."""
    refusals += ["status of 403", "status of 405"]
    page.goto(f"{site}/dots/new/recording")
    record(page, 1)
    page.get_by_label("Language", exact=True).select_option("en-GB")
    page.context.clear_cookies()
    page.get_by_role("button", name="Make the dot").click()
    expect(page.locator(".sending__text")).to_contain_text("You have been signed out.")

    tab = page.context.new_page()
    sign_in(tab, site, alice)
    tab.goto(f"{site}/home")
    tab.close()
    page.get_by_role("button", name="Send again").click()

    page.wait_for_url("**/dots/*/")
    assert Generation.objects.get().upload.is_completed


def test_sending_can_be_stopped_and_begun_again(page: Page, site: str):
    page.goto(f"{site}/dots/new/recording")
    record(page)
    page.get_by_label("Language", exact=True).select_option("en-GB")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/media/**", hold, times=1)  # on its way for ever
    page.get_by_role("button", name="Make the dot").click()
    page.get_by_role("button", name="Stop sending").click()

    expect(page.locator(".sending__text")).to_have_text("Sending was stopped. Your recording is still here.")
    page.get_by_role("button", name="Send again").click()

    page.wait_for_url("**/dots/*/")
    assert Generation.objects.count() == 1
    assert Upload.objects.filter(status=Upload.Status.ABORTED).count() == 1


def test_a_new_take_replaces_the_old_one(page: Page, site: str):
    page.goto(f"{site}/dots/new/recording")
    record(page, 1)
    first = page.locator(".recording-source__take audio").get_attribute("src")
    page.get_by_role("button", name="Record again").click()
    listen(page, 2)
    # Until it ends the old one stays.
    assert page.locator(".recording-source__take audio").get_attribute("src") == first
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".recording-source__take audio")).not_to_have_attribute("src", first or "")


def test_a_file_goes_straight_to_the_storage(page: Page, site: str):
    page.goto(f"{site}/dots/new/recording")
    page.get_by_label("A file from this device").check()
    data = recording(speech(), "mp4", "aac")
    page.get_by_label("Audio file").set_input_files(
        {"name": "Straße zum Fluß.m4a", "mimeType": "audio/x-m4a", "buffer": data}
    )
    expect(page.locator("#take-name")).to_have_text("Straße zum Fluß.m4a")
    page.get_by_label("Language", exact=True).select_option("en-GB")
    with page.expect_request(lambda request: request.method == "PUT") as put:
        page.get_by_role("button", name="Make the dot").click()
    assert put.value.headers["content-type"] == "audio/mp4"
    page.wait_for_url("**/dots/*/")
    generation = Generation.objects.get()
    assert (generation.title, generation.upload.bytes) == ("Straße zum Fluß", len(data))


def test_what_is_no_sound_is_told_and_another_file_can_be_sent(page: Page, site: str, refusals: list[str]):
    refusals.append("status of 400")
    page.goto(f"{site}/dots/new/recording")
    page.get_by_label("A file from this device").check()
    chooser = page.get_by_label("Audio file")
    chooser.set_input_files({"name": "page.mp3", "mimeType": "audio/mpeg", "buffer": b"<html>no sound</html>"})
    page.get_by_label("Language", exact=True).select_option("en-GB")
    page.get_by_role("button", name="Make the dot").click()
    expect(page.locator(".sending.alert--error .sending__text")).to_contain_text("file")

    chooser.set_input_files(
        {"name": "ok.flac", "mimeType": "audio/flac", "buffer": recording(speech(), "flac", "flac")}
    )
    page.get_by_role("button", name="Make the dot").click()
    page.wait_for_url("**/dots/*/")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("NotAllowedError", "The browser may not use the microphone."),
        ("NotFoundError", "No microphone was found."),
        ("NotReadableError", "another program may be holding it"),
    ],
)
def test_a_microphone_that_is_denied_absent_or_busy_is_explained(page: Page, site: str, error: str, sentence: str):
    page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{error}'))"
    )
    page.goto(f"{site}/dots/new/recording")
    page.get_by_role("button", name="Start recording").click()
    expect(page.locator("mic-recorder [data-note]")).to_contain_text(sentence)
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()


def test_a_microphone_that_is_pulled_out_keeps_what_was_recorded(page: Page, site: str):
    page.goto(f"{site}/dots/new/recording")
    page.get_by_role("button", name="Start recording").click()
    listen(page, 1)
    page.evaluate("document.querySelector('mic-recorder').stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("mic-recorder [data-note]")).to_contain_text("The microphone is gone.")
    expect(page.get_by_role("heading", name="Listen before you send")).to_be_visible()


def test_nothing_chosen_and_no_language_are_said(page: Page, site: str):
    page.goto(f"{site}/dots/new/recording")
    page.get_by_role("button", name="Make the dot").click()
    expect(page.locator(".sending__text")).to_have_text("Please record something, or choose a file.")
    record(page, 1)
    page.get_by_label("Language", exact=True).select_option("")
    page.get_by_role("button", name="Make the dot").click()
    expect(page.locator(".sending__text")).to_have_text("Please choose the language that is heard.")
    expect(page.get_by_label("Language", exact=True)).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(page: Page, site: str, alice: User, scheme: str):
    make_upload(alice)
    dot = make_dot(owner=alice)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
    for path in ("/dots/new/recording", f"/dots/{dot.code}/recordings/new"):
        page.goto(site + path)
        assert accessibility_complaints(page) == []
        page.get_by_role("button", name="Start recording").click()
        listen(page, 1)
        assert accessibility_complaints(page) == []
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_role("heading", name="Listen before you send")).to_be_visible()
        assert accessibility_complaints(page) == []
        page.evaluate("document.querySelector('mic-recorder').discard()")
        page.once("dialog", lambda dialog: dialog.accept())


def make_recorded(alice: User) -> Generation:
    from generations import services

    generation = services.request_recording(
        owner=alice,
        upload=make_upload(alice),
        language="en-GB",
        text="The path begins at the gate. It follows the stream for a mile, and then it climbs. Look up!",
    )
    pipeline.fulfil(generation.pk)
    return Generation.objects.get(pk=generation.pk)


def test_captions_are_set_cue_by_cue(page: Page, site: str, alice: User):
    generation = make_recorded(alice)
    page.goto(f"{site}/generations/{generation.public_id}/captions")
    rows = page.locator(".caption-row")
    expect(rows).to_have_count(3)
    expect(page.get_by_label("Captions", exact=True)).to_be_hidden()
    assert accessibility_complaints(page) == []

    # A cue is heard alone: from its beginning to its end.
    second = rows.nth(1)
    begin, end = (parse_vtt(generation.captions)[1].start, parse_vtt(generation.captions)[1].end)
    second.get_by_role("button", name="Play cue 2").click()
    expect(second.get_by_role("button", name="Stop cue 2")).to_be_visible()
    wait_for(page, f"document.querySelector('audio').currentTime > {begin + 0.2}")
    expect(second.get_by_role("button", name="Play cue 2")).to_be_visible(timeout=10_000)
    assert page.evaluate("document.querySelector('audio').currentTime") == pytest.approx(end, abs=0.6)

    # Times by key and by ear, words, splitting, joining, moving.
    first_end = rows.nth(0).get_by_label("Ends", exact=True)
    first_end.focus()
    page.keyboard.press("ArrowDown")
    rows.nth(0).get_by_label("Text").fill("The path begins.")
    rows.nth(1).get_by_role("button", name="Split").click()
    expect(rows).to_have_count(4)
    expect(rows.nth(2).get_by_label("Text")).to_be_focused()
    rows.nth(2).get_by_role("button", name="Join with the next").click()
    expect(rows).to_have_count(3)
    page.get_by_label("By seconds").fill("-9")
    page.get_by_label("From cue").fill("3")
    page.get_by_role("button", name="Move them").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".caption-row__trouble:visible")).to_have_count(1)
    expect(rows.nth(2).locator("[aria-invalid=true]")).to_be_focused()
    page.get_by_label("By seconds").fill("+9")
    page.get_by_role("button", name="Move them").click()
    last = parse_vtt(generation.captions)[-1]
    rows.nth(2).get_by_label("Begins", exact=True).fill(f"0:0{rows_end(page, 1)}")
    rows.nth(2).get_by_label("Ends", exact=True).fill(f"{last.end:.3f}")
    page.get_by_role("button", name="Save").click()

    page.wait_for_url("**/dots/*/")
    cues = parse_vtt(Generation.objects.get().captions)
    assert cues[0].text == "The path begins."
    assert len(cues) == 3
    assert cues[0].end == pytest.approx(parse_vtt(generation.captions)[0].end - 0.1, abs=0.002)


def rows_end(page: Page, index: int) -> str:
    """The end of a cue in seconds, as its field says."""
    return page.locator(".caption-row").nth(index).get_by_label("Ends", exact=True).input_value().partition(":")[2]


def test_captions_that_are_no_plain_cues_stay_a_text(page: Page, site: str, alice: User):
    generation = make_recorded(alice)
    Generation.objects.update(captions="WEBVTT\n\nNOTE mine\n\n00:00.000 --> 00:01.000\nHello.\n")
    page.goto(f"{site}/generations/{generation.public_id}/captions")
    expect(page.get_by_label("Captions", exact=True)).to_be_visible()
    expect(page.locator(".caption-row")).to_have_count(0)
