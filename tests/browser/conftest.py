"""A real browser before a real server. Tests also fail on a console error, a broken policy or a foreign request."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright
from pytest_django.live_server_helper import LiveServer

# Playwright's own loop runs in this thread, and Django would refuse to talk to the database beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def base_url() -> None:
    """None: each test's server has its own. In place of pytest-base-url's, whose way pytest 9.1 and later warn of."""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def sounding_browser(playwright: Playwright) -> Iterator[Browser]:
    """One that lets pages start sound by themselves, as browsers do for sites that one listens to often."""
    arguments = [*ARGUMENTS, "--autoplay-policy=no-user-gesture-required"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def site(live_server: LiveServer, settings: Any) -> str:
    """The address of the running site, which is also the one that it believes to have."""
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    return str(live_server.url)


@pytest.fixture
def page(page: Page, site: str) -> Iterator[Page]:
    """Playwright's page, watched."""
    complaints = watch(page, site)
    yield page
    leave(page)
    assert complaints == []


@pytest.fixture
def sounding_page(sounding_browser: Browser, site: str) -> Iterator[Page]:
    """A watched page that may start sound by itself."""
    context = sounding_browser.new_context()
    page = context.new_page()
    complaints = watch(page, site)
    yield page
    leave(page)
    context.close()
    assert complaints == []


def leave(page: Page) -> None:
    """Close the page so that its last beacon does not reach a database that the next test has emptied."""
    page.context.set_offline(True)
    page.close()


def watch(page: Page, site: str) -> list[str]:
    """Collect what must not happen on any page."""
    complaints: list[str] = []
    host = urlsplit(site).netloc

    def console(message: Any) -> None:
        # What was on its way when ``leave`` took the network away says so; no page can know.
        if message.type == "error" and "ERR_INTERNET_DISCONNECTED" not in message.text:
            complaints.append(f"console: {message.text}")

    def request(asked: Any) -> None:
        parts = urlsplit(asked.url)
        if parts.scheme in {"http", "https"} and parts.netloc != host:
            complaints.append(f"foreign request: {asked.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("request", request)
    return complaints


def wait_for(page: Page, expression: str, *, seconds: float = 20) -> None:
    """Wait until a JavaScript expression is true. (Playwright's own way makes the page evaluate, which it may not.)"""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"not within {seconds} s: {expression}"
        page.wait_for_timeout(50)


def accessibility_complaints(page: Page, *, rules: list[str] = WCAG) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its best practices: rule and elements of each."""
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": rules}, "resultTypes": ["violations"]})
    return [f"{found['id']}: {[node['target'] for node in found['nodes']]}" for found in results.response["violations"]]
