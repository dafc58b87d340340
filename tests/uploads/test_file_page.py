"""One file: its page, and what can be done with it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from tests.factories import make_file
from tests.uploads.addresses import get, name_header_of
from uploads import services
from uploads.models import File, FileShare, Upload
from uploads.services import in_use
from uploads.storage import store

pytestmark = pytest.mark.django_db
POSTS = ["rename", "delete", "restore", "purge", "unshare"]
GETS = ["", "preview", "download"]


@pytest.fixture
def file(alice) -> File:
    return make_file(owner=alice, file_name="Plan.txt", content=b"Sow beans.")


@pytest.fixture
def client(client, alice):
    client.force_login(alice)
    return client


def at(file: File, act: str = "") -> str:
    return f"/files/{file.public_id}/{act}"


def test_it_shows_what_there_is_to_know(client, alice):
    file = make_file(owner=alice, file_name="a.mp3", content_type="audio/mpeg", content=b"x", duration_ms=61_500)

    page = client.get(at(file)).content.decode()

    assert "MP3" in page
    assert "61.5 seconds" in page
    assert "<audio controls" in page
    assert at(file, "download") in page


def test_a_text_shows_its_first_lines_as_text(client, alice):
    file = make_file(owner=alice, text_excerpt="<script>alert(1)</script>", preview_made_at=timezone.now())
    page = client.get(at(file)).content.decode()
    assert "&lt;script&gt;alert(1)" in page


def test_a_preview_in_the_making_asks_again(client, alice):
    file = make_file(owner=alice, file_name="a.png", content_type="image/png")
    fragment = client.get(at(file, "preview")).content.decode()
    assert "is being made" in fragment
    assert "every 2s" in fragment

    File.objects.filter(pk=file.pk).update(preview_made_at=timezone.now())
    fragment = client.get(at(file, "preview")).content.decode()
    assert "There is no preview" in fragment
    assert "every 2s" not in fragment


def test_a_sound_shows_its_waveform_and_says_what_it_shows(client, alice):
    file = make_file(
        owner=alice,
        file_name="<walk>.mp3",
        content_type="audio/mpeg",
        duration_ms=120_000,
        preview_made_at=timezone.now(),
        peaks=[10, 20, 100, 30],
    )
    page = client.get(at(file)).content.decode()
    assert 'role="img"' in page
    assert 'aria-label="Waveform of &lt;walk&gt;.mp3: 2 min 0 s long, loudest at 1 min 0 s"' in page
    assert f'<path id="wave-{file.public_id}" d="M2 ' in page
    assert 'data-seconds="120.0"' in page
    assert "every 2s" not in page


def test_a_waveform_in_the_making_asks_for_itself_alone(client, alice):
    """The player stays: the sound may be playing."""
    file = make_file(owner=alice, file_name="a.mp3", content_type="audio/mpeg", duration_ms=1000)
    page = client.get(at(file)).content.decode()
    assert "The waveform is being made…" in page
    preview, waveform = page.index('id="preview"'), page.index('id="waveform"')
    assert "hx-get" not in page[preview:waveform]
    assert 'hx-select="#waveform"' in page
    assert "<audio controls" in page


@pytest.mark.parametrize("fields", [{"preview_made_at": timezone.now()}, {"preview_made_at": None}])
def test_a_waveform_that_does_not_come_is_said_and_not_waited_for(client, alice, fields):
    file = make_file(owner=alice, file_name="a.mp3", content_type="audio/mpeg", **fields)
    File.objects.update(created_at=timezone.now() - timedelta(hours=1))
    page = client.get(at(file)).content.decode()
    assert "could not be drawn" in page
    assert "every 2s" not in page
    assert "<audio controls" in page


def test_a_download_leads_to_the_object(client, file):
    response = client.get(at(file, "download"))

    got = get(response.url)
    assert got.body == b"Sow beans."
    assert 'filename="Plan.txt"' in name_header_of(response.url)


def test_renaming(client, file):
    page = client.post(at(file, "rename"), {"file_name": "Beans.txt"}, follow=True).content.decode()
    assert "The new name is saved." in page
    file.refresh_from_db()
    assert (file.file_name, file.search_name) == ("Beans.txt", "beans txt")


@pytest.mark.parametrize("name", ["", "Beans.mp3", "a\x00b.txt", "x" * 300])
def test_a_name_that_is_none_is_said_beside_the_field(client, file, name):
    response = client.post(at(file, "rename"), {"file_name": name})

    assert response.status_code == 422
    page = response.content.decode()
    assert 'aria-invalid="true"' in page
    assert "<title>Plan.txt" in page.replace("\n", "")
    file.refresh_from_db()
    assert file.file_name == "Plan.txt"


def test_what_is_in_use_is_not_deleted(client, file, monkeypatch):
    monkeypatch.setitem(in_use._readers, "test", set)

    page = client.post(at(file, "delete"), follow=True).content.decode()

    assert "This file is in use." in page
    assert File.objects.living().exists()


def test_the_bin_keeps_it_and_gives_it_back(client, file):
    client.post(at(file, "delete"))
    page = client.get(at(file)).content.decode()
    assert "It stays there for 30 days." in page
    assert at(file, "download") not in page
    assert client.get(at(file, "download")).url == at(file)

    page = client.post(at(file, "restore"), follow=True).content.decode()
    assert "“Plan.txt” is back." in page


def test_deleting_for_good_takes_the_object(client, file, django_capture_on_commit_callbacks):
    Upload.objects.filter(pk=file.upload_id).update(expires_at=timezone.now() - timedelta(days=1))
    client.post(at(file, "delete"))

    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(at(file, "purge"), follow=True).content.decode()

    assert "“Plan.txt” is deleted for good." in page
    assert store().stat(file.upload.key) is None
    assert client.get(at(file)).status_code == 404


def test_only_what_is_in_the_bin_is_deleted_for_good(client, file):
    page = client.post(at(file, "purge"), follow=True).content.decode()
    assert "Only what is in the bin" in page
    assert store().stat(file.upload.key)


def test_a_link_is_made_and_ended(client, file, settings):
    later = timezone.now() + timedelta(days=2)
    form = {"expires_at": later.strftime("%Y-%m-%dT%H:%M"), "password": "tall grass", "max_downloads": "5"}

    page = client.post(at(file, "share"), form, follow=True).content.decode()

    share = FileShare.objects.get()
    assert f"{settings.SITE_URL}/s/{share.token}" in page
    assert "It asks for a password." in page
    assert "0 of 5 downloads are used." in page
    assert "tall grass" not in page

    page = client.post(at(file, "unshare"), follow=True).content.decode()
    assert share.token not in page
    assert client.get(f"/s/{share.token}").status_code == 410


@pytest.mark.parametrize(
    ("name", "value"),
    [("expires_at", "2020-01-01T00:00"), ("password", "abc"), ("max_downloads", "0"), ("max_downloads", "many")],
)
def test_a_wrong_limit_is_said_beside_its_field(client, file, name, value):
    page = client.post(at(file, "share"), {name: value}).content.decode()
    assert f'id="id_{name}_error"' in page
    assert not FileShare.objects.exists()


def test_what_is_in_the_bin_has_no_share_page(client, file):
    services.delete_file(file=file)
    assert urlsplit(client.get(at(file, "share")).url).path == at(file)


@pytest.mark.parametrize("act", [*POSTS, *GETS, "share"])
def test_it_needs_sign_in(client, file, act):
    client.logout()
    response = client.post(at(file, act)) if act in POSTS else client.get(at(file, act))
    assert response.status_code == 302
    assert response.url.startswith("/account/login/")


@pytest.mark.parametrize("act", [*POSTS, *GETS, "share"])
def test_a_stranger_gets_404(client, charlie, file, act):
    client.force_login(charlie)
    response = client.post(at(file, act)) if act in POSTS else client.get(at(file, act))
    assert response.status_code == 404
    assert File.objects.living().filter(file_name="Plan.txt").exists()


@pytest.mark.parametrize("act", POSTS)
def test_a_link_cannot_do_it(client, file, act):
    assert client.get(at(file, act)).status_code == 405


@pytest.mark.parametrize("act", GETS)
def test_looking_is_all_these_do(client, file, act):
    assert client.post(at(file, act)).status_code == 405
