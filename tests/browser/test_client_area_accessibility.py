"""Every page of the client area, in every state, can be used by everybody: WCAG 2.2 AA, no sideways scrolling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import User
from generations.models import Dot, DotTag, Generation
from tests.browser.conftest import accessibility_complaints
from tests.browser.test_client_area import sign_in
from tests.factories import make_dot, make_generation, make_ready_generation, make_voice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Status = Generation.Status
LONG_TITLE = "Donaudampfschifffahrtsgesellschaftskapitänsmützenausstellung"


def landing(alice: User) -> str:
    return "/"


def empty_list(alice: User) -> str:
    return "/dots/"


def full_list(alice: User) -> str:
    now = timezone.now()
    later = now + timedelta(days=9)
    for changes in ({}, {"is_active": False}, {"starts_at": later}, {"expires_at": now}, {"blocked_at": now}):
        dot = make_generation(owner=alice, text=LONG_TITLE, status=Status.READY).dot
        Dot.objects.filter(pk=dot.pk).update(**changes)
        DotTag.objects.create(dot=dot, name="museum")
    make_dot(owner=alice)
    return "/dots/"


def bin_list(alice: User) -> str:
    make_dot(owner=alice, deleted_at=timezone.now())
    return "/dots/?bin=yes"


def found_nothing(alice: User) -> str:
    make_dot(owner=alice)
    return "/dots/?q=unicorn"


def home_at_first(alice: User) -> str:
    return "/home"


def home_later(alice: User) -> str:
    full_list(alice)
    return "/home"


def form(alice: User) -> str:
    make_voice()
    return "/dots/new"


def dot_waiting(alice: User) -> str:
    return f"/dots/{make_generation(owner=alice).dot.code}/"


def dot_making(alice: User) -> str:
    return f"/dots/{make_generation(owner=alice, status=Status.PROCESSING, progress=40).dot.code}/"


def dot_failed(alice: User) -> str:
    failed = make_generation(owner=alice, status=Status.FAILED, error_code="TIMEOUT", is_refunded=True)
    return f"/dots/{failed.dot.code}/"


def dot_ready(alice: User) -> str:
    generation = make_ready_generation(owner=alice, title=LONG_TITLE, text="Look up! The clock still runs.\n\nAt noon.")
    german = make_voice(key="espeak:de", label="German", language="de")
    make_ready_generation(owner=alice, dot=generation.dot, text="Schauen Sie nach oben!", voice_key=german.key)
    return f"/dots/{generation.dot.code}/"


def dot_in_bin(alice: User) -> str:
    return f"/dots/{make_dot(owner=alice, deleted_at=timezone.now()).code}/"


def settings_page(alice: User) -> str:
    dot = make_generation(owner=alice, status=Status.READY).dot
    Dot.objects.filter(pk=dot.pk).update(password="a hash")
    return f"/dots/{dot.code}/settings"


def another_voice(alice: User) -> str:
    return f"/dots/{make_generation(owner=alice, status=Status.READY).dot.code}/generations/new"


def captions_with_a_note(alice: User) -> str:
    """Captions that hold more than plain cues: the page leaves them a text, with JavaScript too."""
    generation = make_ready_generation(owner=alice)
    generation.captions = generation.captions.replace("WEBVTT\n", "WEBVTT\n\nNOTE By hand\n", 1)
    generation.save(update_fields=["captions"])
    return f"/generations/{generation.public_id}/captions"


def captions(alice: User) -> str:
    return f"/generations/{make_ready_generation(owner=alice).public_id}/captions"


def gallery(alice: User) -> str:
    for number in range(10):
        row = make_voice(key=f"espeak:v{number}", label=f"Voice {number}", language="de" if number < 9 else "ar")
        row.preview_recorded_at = timezone.now()
        row.save()
    return "/voices/"


def empty_gallery(alice: User) -> str:
    return "/voices/?q=klingon"


def profile(alice: User) -> str:
    return "/account/profile/"


def tokens(alice: User) -> str:
    return "/account/tokens/"


PAGES: list[Callable[[User], str]] = [
    landing, empty_list, full_list, bin_list, found_nothing, home_at_first, home_later, form, dot_waiting, dot_making,
    dot_failed, dot_ready, dot_in_bin, settings_page, another_voice, captions, gallery, empty_gallery, profile, tokens,
]  # fmt: skip


def complaints_of(page: Page) -> list[str]:
    """What is wrong with the page as it is now: in both colour schemes, and on the narrowest screen."""
    page.emulate_media(reduced_motion="reduce")  # so that no colour is caught half-way
    complaints = accessibility_complaints(page)
    page.emulate_media(color_scheme="dark")
    complaints += [f"dark: {complaint}" for complaint in accessibility_complaints(page, rules=["wcag2aa"])]
    page.set_viewport_size({"width": 320, "height": 640})
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        complaints.append("scrolls sideways at 320 px")
    return complaints


@pytest.mark.parametrize("build", PAGES, ids=lambda build: build.__name__)
def test_everybody_can_use(page: Page, site: str, alice: User, build: Callable[[User], str]):
    address = build(alice)
    sign_in(page, site, alice)
    page.goto(site + address)

    assert complaints_of(page) == []


@pytest.mark.parametrize(
    "address", ["/", "/voices/", "/account/signup/", "/account/login/", "/account/password/reset/"]
)
def test_everybody_can_use_without_an_account(page: Page, site: str, db: Any, address: str):
    make_voice()
    page.goto(site + address)

    assert complaints_of(page) == []


@pytest.mark.parametrize(
    ("build", "fields", "button"),
    [
        (form, {"Text": "\u2060"}, "Make the dot"),
        (settings_page, {"Title": ""}, "Save"),
        (captions_with_a_note, {"Captions": "Hello"}, "Save"),
    ],
)
def test_errors_are_summed_up_with_the_focus(
    page: Page, site: str, alice: User, build: Callable[[User], str], fields: dict[str, str], button: str
):
    address = build(alice)
    sign_in(page, site, alice)
    page.goto(site + address)
    for label, value in fields.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name=button).click()

    summary = page.locator("#error-summary")
    assert summary.evaluate("element => element === document.activeElement")
    summary.get_by_role("link").first.click()
    (label,) = fields
    assert page.get_by_label(label, exact=True).evaluate("element => element === document.activeElement")
    assert page.get_by_label(label, exact=True).get_attribute("aria-invalid") == "true"
    assert complaints_of(page) == []
