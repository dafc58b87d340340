"""The file library in a real browser: files dropped, cut off, sent again, shared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from accounts.models import User
from tests.browser.conftest import leave, watch
from tests.browser.test_client_area import sign_in
from tests.factories import make_file
from uploads.models import File, Upload
from uploads.storage import store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Text, so that nothing but its size matters; at the slowed speed it takes some seconds.
LARGE = b"All work and no play. " * 50_000
SLOW = 300_000  # bytes a second

# Files as the browser's own drop has them. Sizes and names come as an argument.
DROP = """files => {
  const held = new DataTransfer();
  for (const [name, type, text] of files) held.items.add(new File([text], name, {type}));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: held, bubbles: true, cancelable: true}));
}"""
PASTE = """([name, type, text]) => {
  const held = new DataTransfer();
  held.items.add(new File([text], name, {type}));
  document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: held, bubbles: true}));
}"""


@pytest.fixture
def library(page: Page, site: str, alice: User) -> Page:
    sign_in(page, site, alice)
    page.goto(f"{site}/files/")
    return page


@pytest.fixture
def shaky(browser: Browser, site: str, alice: User) -> Iterator[Page]:
    """The library over a connection that the test may cut: the browser's own word for that is no complaint."""
    context = browser.new_context()
    page = context.new_page()
    complaints = watch(page, site)
    sign_in(page, site, alice)
    page.goto(f"{site}/files/")
    yield page
    leave(page)
    context.close()
    meant = ("net::ERR_", "htmx:sendError", "htmx:afterRequest")
    assert [complaint for complaint in complaints if not any(word in complaint for word in meant)] == []


class Connection:
    """How fast the page's connection is, and whether there is one."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Network.enable")

    def become(self, *, upload: int = -1, offline: bool = False) -> None:
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        self.session.send("Network.emulateNetworkConditions", conditions)


def row(page: Page, name: str) -> Any:
    return page.locator(".transfer", has_text=name)


def content_of(name: str) -> bytes:
    with store().open(File.objects.select_related("upload").get(file_name=name).upload.key) as stream:
        return stream.read()


def test_three_files_are_dropped_and_stored(library: Page):
    expect(library.get_by_role("heading", name="No files yet")).to_be_visible()

    library.evaluate(
        DROP, [["a.txt", "text/plain", "one"], ["b.csv", "", "a,b\n1,2\n"], ["c.txt", "text/plain", "three " * 9000]]
    )

    for name in ("a.txt", "b.csv", "c.txt"):
        expect(row(library, name).locator(".progress__text")).to_have_text("Stored")
        expect(row(library, name).get_by_role("progressbar")).to_have_attribute("value", "100")
        # The list follows without a new page.
        expect(library.locator("#files").get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(library.locator("#files-count")).to_have_text("3 files")
    assert content_of("a.txt") == b"one"
    assert len(content_of("c.txt")) == 54_000


def test_what_is_pasted_and_chosen_is_stored_too(library: Page, tmp_path: Path):
    library.evaluate(PASTE, ["pasted.txt", "text/plain", "From the clipboard."])
    expect(row(library, "pasted.txt").locator(".progress__text")).to_have_text("Stored")

    chosen = tmp_path / "chosen.txt"
    chosen.write_text("From the disk.")
    library.get_by_label("Files from your device").set_input_files(chosen)
    expect(row(library, "chosen.txt").locator(".progress__text")).to_have_text("Stored")
    assert content_of("chosen.txt") == b"From the disk."


def test_progress_is_shown_and_cancelling_stops_it(library: Page):
    connection = Connection(library)
    connection.become(upload=SLOW)
    library.evaluate(DROP, [["large.txt", "text/plain", LARGE.decode()]])
    large = row(library, "large.txt")

    expect(large.locator(".progress__text")).to_contain_text("a second", timeout=10_000)
    expect(large.locator(".progress__text")).to_contain_text("left")
    assert 0 < int(large.get_by_role("progressbar").get_attribute("value") or 0) < 100
    large.get_by_role("button", name="Cancel").click()

    expect(large.locator(".progress__text")).to_have_text("Cancelled")
    expect(library.locator("#upload-announcer")).to_have_text("large.txt is cancelled.")
    # The button that had the focus is gone, and the one in its place has it.
    expect(large.get_by_role("button", name="Retry")).to_be_focused()
    assert not File.objects.exists()

    connection.become()
    large.get_by_role("button", name="Retry").click()
    expect(large.locator(".progress__text")).to_have_text("Stored")
    assert content_of("large.txt") == LARGE


def test_after_a_cut_in_the_middle_it_is_sent_again(shaky: Page):
    connection = Connection(shaky)
    connection.become(upload=SLOW)
    shaky.evaluate(DROP, [["large.txt", "text/plain", LARGE.decode()]])
    large = row(shaky, "large.txt")
    expect(large.locator(".progress__text")).to_contain_text("a second", timeout=10_000)

    connection.become(offline=True)
    expect(large.locator(".progress__text")).to_contain_text("The connection was lost.")
    expect(shaky.locator("#upload-announcer")).to_contain_text("large.txt failed: The connection was lost.")
    assert not File.objects.exists()

    # It goes on by itself when the connection is back.
    connection.become()
    expect(large.locator(".progress__text")).to_have_text("Stored", timeout=15_000)
    assert content_of("large.txt") == LARGE


def test_what_the_network_refuses_can_be_tried_again(shaky: Page):
    def cut(route: Route) -> None:
        if route.request.method == "PUT":
            route.abort()
        else:
            route.fallback()

    shaky.route("**/media/**", cut)
    shaky.evaluate(DROP, [["a.txt", "text/plain", "one"]])
    expect(row(shaky, "a.txt").locator(".progress__text")).to_contain_text("The connection was lost.")

    shaky.unroute("**/media/**")
    row(shaky, "a.txt").get_by_role("button", name="Retry").click()

    expect(row(shaky, "a.txt").locator(".progress__text")).to_have_text("Stored")
    assert content_of("a.txt") == b"one"
    assert sorted(Upload.objects.values_list("status", flat=True)) == ["aborted", "completed"]


def test_only_the_part_that_was_cut_off_is_sent_again(shaky: Page, settings: Any):
    settings.UPLOAD_MAX_BYTES = 1024**2
    settings.MULTIPART_PART_BYTES = 5 * 1024**2
    shaky.reload()
    sent: list[str] = []
    cut = [True]

    def second_part_fails(route: Route) -> None:
        if route.request.method != "PUT":
            return route.fallback()
        number = "2" if "partNumber=2" in route.request.url or "part=2" in route.request.url else "1"
        sent.append(number)
        return route.abort() if number == "2" and cut[0] else route.fallback()

    shaky.route("**/media/**", second_part_fails)
    shaky.evaluate(
        """() => {
          const held = new DataTransfer();
          held.items.add(new File(["0123456789".repeat(600_000)], "parts.txt", {type: "text/plain"}));
          document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: held, bubbles: true, cancelable: true}));
        }"""
    )
    parts = row(shaky, "parts.txt")
    expect(parts.locator(".progress__text")).to_contain_text("The connection was lost.", timeout=15_000)
    assert sent == ["1", "2", "2", "2"]

    cut[0] = False
    parts.get_by_role("button", name="Retry").click()

    expect(parts.locator(".progress__text")).to_have_text("Stored", timeout=15_000)
    assert sent == ["1", "2", "2", "2", "2"]
    assert File.objects.get().bytes == 6_000_000


def test_the_list_follows_each_file_at_once_and_leaves_the_search_alone(library: Page, alice: User):
    make_file(owner=alice, file_name="Plan A.txt")
    library.reload()
    library.evaluate("""() => {
      window.wasSearching = false;
      new MutationObserver(() => {
        window.wasSearching ||= getComputedStyle(document.getElementById("files-loading")).visibility === "visible";
      }).observe(document.documentElement, {subtree: true, attributes: true, attributeFilter: ["class"]});
    }""")
    search = library.get_by_label("Search by name")
    search.fill("plan")
    expect(library).to_have_url(re.compile(r"q=plan"))
    expect(library.locator("#files-loading")).to_be_hidden()
    library.evaluate("window.wasSearching = false")
    usage = library.locator("#usage").inner_text()
    Connection(library).become(upload=SLOW)

    library.evaluate(
        DROP, [["Plan B.txt", "text/plain", LARGE.decode()], ["Plan C.txt", "text/plain", "Sow peas. " * 500]]
    )

    expect(row(library, "Plan C.txt").locator(".progress__text")).to_have_text("Stored")
    expect(library.locator("#files").get_by_role("link", name="Plan C.txt", exact=True)).to_be_visible(timeout=1500)
    expect(library.locator("#files-count")).to_have_text("2 files")
    expect(library.locator("#usage")).not_to_have_text(usage)
    assert not row(library, "Plan B.txt").evaluate("row => row.classList.contains('is-done')")
    # Whoever was typing goes on typing, and nothing says that a search is under way.
    expect(search).to_be_focused()
    expect(search).to_have_value("plan")
    assert not library.evaluate("window.wasSearching")

    expect(library.locator("#files").get_by_role("link", name="Plan B.txt", exact=True)).to_be_visible(timeout=15_000)
    expect(library.locator("#files-count")).to_have_text("3 files")


def test_a_list_that_could_not_follow_tries_again(shaky: Page, alice: User):
    def cut(route: Route) -> None:
        if route.request.headers.get("hx-request"):
            route.abort()
        else:
            route.fallback()

    shaky.route("**/files/", cut)
    with shaky.expect_event("requestfailed"):
        shaky.evaluate(DROP, [["a.txt", "text/plain", "one"]])
    expect(shaky.get_by_role("heading", name="No files yet")).to_be_visible()
    shaky.unroute("**/files/")

    expect(shaky.locator("#files").get_by_role("link", name="a.txt", exact=True)).to_be_visible(timeout=10_000)
    expect(shaky.get_by_role("search")).to_be_visible()


def test_a_storage_that_becomes_full_says_so_at_once(library: Page, alice: User):
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=3)
    library.evaluate(DROP, [["a.txt", "text/plain", "one"]])
    expect(library.get_by_text("Your storage is full. Delete files")).to_be_visible()


def test_what_is_refused_says_why(shaky: Page):
    shaky.evaluate(DROP, [["empty.txt", "text/plain", ""]])
    expect(row(shaky, "empty.txt").locator(".progress__text")).to_have_text("This file is empty.")
    expect(row(shaky, "empty.txt").get_by_role("button", name="Retry")).to_be_hidden()

    row(shaky, "empty.txt").get_by_role("button", name="Remove from this list").click()
    expect(shaky.locator(".transfer")).to_have_count(0)
    expect(shaky.get_by_label("Files from your device")).to_be_focused()


def test_a_link_is_made_in_a_dialog(library: Page, site: str, alice: User):
    make_file(owner=alice, file_name="Plan.txt", content=b"Sow beans.")
    library.reload()

    library.get_by_role("link", name="Share Plan.txt").click()
    dialog = library.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Share “Plan.txt”")).to_be_visible()
    dialog.get_by_label("Password").fill("tall grass")
    dialog.get_by_label("Downloads allowed").fill("1")
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.get_by_role("link")
    expect(link).to_be_visible()
    address = link.text_content() or ""
    library.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(library.get_by_role("link", name="Share Plan.txt")).to_be_focused()

    library.goto(address)
    library.get_by_label("Password").fill("tall grass")
    with library.expect_download() as download:
        library.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "Plan.txt"
    assert Path(download.value.path()).read_bytes() == b"Sow beans."


def test_a_thousand_files_are_searched_and_paged(library: Page, alice: User):
    for number in range(1000):
        make_file(owner=alice, file_name=f"Recording {number:04d}.txt")
    library.reload()
    expect(library.locator("#files-count")).to_have_text("1000 files")
    assert library.locator(".file-row").count() == 50

    library.get_by_label("Search by name").press_sequentially("0042", delay=20)
    expect(library.locator("#files-count")).to_have_text("1 file")
    expect(library.get_by_role("link", name="Recording 0042.txt", exact=True)).to_be_visible()
    library.get_by_label("Search by name").fill("")
    expect(library.locator("#files-count")).to_have_text("1000 files")
    library.get_by_role("link", name="Next").click()
    expect(library.get_by_text("Page 2 of 20")).to_be_visible()
    library.get_by_role("link", name="Tiles").click()
    expect(library.locator(".file-list--tiles")).to_be_visible()


def test_a_deleted_file_comes_back_by_undo(library: Page, alice: User):
    make_file(owner=alice, file_name="Plan.txt")
    library.reload()
    library.get_by_role("button", name="Delete Plan.txt").click()
    expect(library.get_by_text("“Plan.txt” is in the bin.")).to_be_visible()
    library.get_by_role("button", name="Undo").click()
    expect(library.get_by_text("“Plan.txt” is back.")).to_be_visible()


def test_without_javascript_everything_works(browser: Browser, site: str, alice: User, tmp_path: Path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    complaints = watch(page, site)
    sign_in(page, site, alice)
    plan = tmp_path / "Plan.txt"
    plan.write_text("Sow beans.")

    page.goto(f"{site}/files/")
    page.get_by_label("Files from your device").set_input_files(plan)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("“Plan.txt” is stored.")).to_be_visible()
    page.get_by_role("link", name="Plan.txt", exact=True).click()
    page.get_by_role("textbox", name="Name").fill("Beans.txt")
    page.get_by_role("button", name="Save the name").click()
    page.get_by_role("link", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_role("link", name="/s/")).to_be_visible()
    page.get_by_role("link", name="Back to “Beans.txt”").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "Beans.txt"
    context.close()
    assert complaints == []
