"""A double click on the button that makes a dot, in a real browser: one dot."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from generations.models import Dot, Generation
from tests.browser.test_client_area import sign_in
from tests.factories import make_voice
from tests.generations.recordings import make_upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def posts(page: Page, site: str, alice: User) -> list[str]:
    """The addresses that the page sends a form to."""
    make_voice()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    sign_in(page, site, alice)
    return sent


def test_a_double_click_makes_one_dot(page: Page, site: str, posts: list[str]):
    page.goto(f"{site}/dots/new")
    page.get_by_label("Text", exact=True).fill("The old town hall.")
    page.get_by_role("button", name="Make the dot").dblclick()

    expect(page.get_by_role("heading", name="The old town hall.", exact=True)).to_be_visible()
    assert (Dot.objects.count(), Generation.objects.count()) == (1, 1)


def test_a_second_click_while_the_first_ones_answer_is_on_its_way_leads_to_the_same_dot(
    page: Page, site: str, posts: list[str]
):
    page.goto(f"{site}/dots/new")
    page.get_by_label("Text", exact=True).fill("The old town hall.")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 3000, "downloadThroughput": -1, "uploadThroughput": -1}  # milliseconds
    network.send("Network.emulateNetworkConditions", slow)
    twice = """button => {
      button.click();
      setTimeout(() => button.click(), 1500);
    }"""
    page.get_by_role("button", name="Make the dot").evaluate(twice)

    expect(page.get_by_role("heading", name="The old town hall.", exact=True)).to_be_visible(timeout=30_000)
    assert len(posts) == 2
    assert (Dot.objects.count(), Generation.objects.count()) == (1, 1)


def test_a_double_click_on_a_recordings_form_makes_one_dot(page: Page, site: str, alice: User, posts: list[str]):
    picked = make_upload(alice).file
    page.goto(f"{site}/dots/new/recording?file={picked.public_id}")
    page.get_by_label("Language", exact=True).select_option("en-GB")
    page.get_by_role("button", name="Make the dot").dblclick()

    expect(page.get_by_role("heading", name="A walk", exact=True)).to_be_visible()
    assert (Dot.objects.count(), Generation.objects.count()) == (1, 1)
