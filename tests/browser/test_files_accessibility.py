"""Every page of files, in every state, can be used by everybody: WCAG 2.2 AA, no sideways scrolling."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.test_client_area import sign_in
from tests.browser.test_client_area_accessibility import complaints_of
from tests.browser.test_files import DROP
from tests.factories import make_file
from uploads import previews, services
from uploads.models import File

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG_NAME = "Donaudampfschifffahrtsgesellschaftskapitänsmützenausstellungseröffnungsrede.txt"


def picture(alice: User) -> File:
    out = io.BytesIO()
    Image.new("RGB", (800, 400), "teal").save(out, "PNG")
    file = make_file(owner=alice, file_name="sea.png", content_type="image/png", content=out.getvalue())
    previews.make_preview(file.pk)
    return file


def empty(alice: User) -> str:
    return "/files/"


def rows(alice: User) -> str:
    picture(alice)
    make_file(owner=alice, file_name=LONG_NAME)
    make_file(owner=alice, file_name="song.mp3", content_type="audio/mpeg")
    make_file(owner=alice, deleted_at=timezone.now())
    return "/files/"


def tiles(alice: User) -> str:
    rows(alice)
    return "/files/?view=tiles"


def full(alice: User) -> str:
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=5)
    make_file(owner=alice, size=5)
    return "/files/"


def found_nothing(alice: User) -> str:
    make_file(owner=alice)
    return "/files/?q=unicorn"


def deleted(alice: User) -> str:
    file = make_file(owner=alice, file_name=LONG_NAME)
    services.delete_file(file=file)
    return f"/files/?undo={file.public_id}"


def binned(alice: User) -> str:
    make_file(owner=alice, file_name=LONG_NAME, deleted_at=timezone.now())
    return "/files/?bin=yes"


def empty_bin(alice: User) -> str:
    return "/files/?bin=yes"


def image_page(alice: User) -> str:
    return f"/files/{picture(alice).public_id}/"


def text_page(alice: User) -> str:
    file = make_file(owner=alice, file_name=LONG_NAME, content=b"A line.\n" * 100)
    previews.make_preview(file.pk)
    return f"/files/{file.public_id}/"


def pending_page(alice: User) -> str:
    return f"/files/{make_file(owner=alice, file_name='a.pdf', content_type='application/pdf').public_id}/"


def page_in_bin(alice: User) -> str:
    return f"/files/{make_file(owner=alice, deleted_at=timezone.now()).public_id}/"


def share_page(alice: User) -> str:
    return f"/files/{make_file(owner=alice, file_name=LONG_NAME).public_id}/share"


def shared_page(alice: User) -> str:
    file = make_file(owner=alice, file_name=LONG_NAME)
    later = timezone.now() + timedelta(days=1)
    services.share_file(file=file, expires_at=later, password="tall grass", max_downloads=3)
    return f"/files/{file.public_id}/share"


def public_page(alice: User) -> str:
    file = make_file(owner=alice, file_name=LONG_NAME)
    return f"/s/{services.share_file(file=file, password='tall grass', max_downloads=3).token}"


PAGES: list[Callable[[User], str]] = [
    empty, rows, tiles, full, found_nothing, deleted, binned, empty_bin, image_page, text_page, pending_page,
    page_in_bin, share_page, shared_page, public_page,
]  # fmt: skip


@pytest.mark.parametrize("build", PAGES, ids=lambda build: build.__name__)
def test_everybody_can_use(page: Page, site: str, alice: User, build: Callable[[User], str]):
    address = build(alice)
    sign_in(page, site, alice)
    page.goto(site + address)

    assert complaints_of(page) == []


def test_everybody_can_follow_uploads(page: Page, site: str, alice: User):
    sign_in(page, site, alice)
    page.goto(f"{site}/files/")
    page.evaluate(DROP, [[LONG_NAME, "text/plain", "one"], ["empty.txt", "text/plain", ""]])
    expect(page.locator(".transfer.is-done")).to_have_count(1)
    expect(page.locator(".transfer.is-failed")).to_have_count(1)
    expect(page.locator(".file-row")).to_have_count(1)

    assert complaints_of(page) == []


def test_everybody_can_share_in_the_dialog(page: Page, site: str, alice: User):
    make_file(owner=alice, file_name=LONG_NAME)
    sign_in(page, site, alice)
    page.goto(f"{site}/files/")
    page.get_by_role("link", name="Share").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    assert complaints_of(page) == []
