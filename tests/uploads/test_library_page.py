"""The list of files, in its rows and tiles, with its bin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_file
from uploads.models import File

pytestmark = pytest.mark.django_db
URL = "/files/"


@pytest.fixture
def client(client, alice):
    client.force_login(alice)
    return client


def names_in(page: str, names: list[str]) -> list[str]:
    """Those of the names that the page shows, in its order."""
    return sorted((name for name in names if f">{name}</a>" in page), key=lambda name: page.index(f">{name}</a>"))


def test_it_shows_files_with_what_can_be_done(client, alice):
    file = make_file(owner=alice, file_name="Plan.txt", size=2048)

    page = client.get(URL).content.decode()

    assert "Plan.txt" in page
    assert "2.0\xa0KB" in page
    assert "1 file" in page
    for act in ("download", "share", "delete"):
        assert f"/files/{file.public_id}/{act}" in page


def test_it_needs_sign_in(client):
    client.logout()
    response = client.get(URL)
    assert (response.status_code, response.url) == (302, f"{reverse('account_login')}?next=/files/")


def test_a_stranger_sees_nothing_of_it(client, alice, charlie):
    make_file(owner=alice, file_name="secret.txt")
    client.force_login(charlie)

    page = client.get(URL).content.decode()

    assert "secret.txt" not in page
    assert "No files yet" in page


def test_it_is_only_looked_at(client):
    assert client.post(URL).status_code == 405


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["b.txt", "a.txt", "c.txt"]),
        ("oldest", ["c.txt", "a.txt", "b.txt"]),
        ("name", ["a.txt", "b.txt", "c.txt"]),
        ("name-z", ["c.txt", "b.txt", "a.txt"]),
        ("largest", ["a.txt", "c.txt", "b.txt"]),
        ("smallest", ["b.txt", "c.txt", "a.txt"]),
        ("purple", ["b.txt", "a.txt", "c.txt"]),
    ],
)
def test_it_is_sorted(client, alice, sort, expected):
    for name, size in (("c.txt", 20), ("a.txt", 30), ("b.txt", 10)):
        make_file(owner=alice, file_name=name, size=size)

    assert names_in(client.get(URL, {"sort": sort}).content.decode(), expected) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "plan"}, {"Plan.txt"}),
        ({"type": "audio"}, {"song.mp3"}),
        ({"type": "document"}, {"Plan.txt", "paper.pdf"}),
        ({"type": "archive"}, {"all.zip"}),
        ({"type": "nonsense"}, {"Plan.txt", "song.mp3", "paper.pdf", "all.zip"}),
        ({"q": "song", "type": "archive"}, set()),
        ({"q": "…"}, set()),
    ],
)
def test_name_and_type_narrow_it_down(client, alice, query, expected):
    types = {
        "Plan.txt": "text/plain",
        "song.mp3": "audio/mpeg",
        "paper.pdf": "application/pdf",
        "all.zip": "application/zip",
    }
    for name, content_type in types.items():
        make_file(owner=alice, file_name=name, content_type=content_type)

    page = client.get(URL, query).content.decode()

    assert set(names_in(page, list(types))) == expected
    assert ("No file fits" in page) == (not expected)


def test_the_choice_of_tiles_is_kept(client, alice):
    make_file(owner=alice)
    assert "file-list--tiles" not in client.get(URL).content.decode()

    client.get(URL, {"view": "tiles"})
    assert "file-list--tiles" in client.get(URL).content.decode()

    client.get(URL, {"view": "rows"})
    assert "file-list--tiles" not in client.get(URL).content.decode()


def test_the_bin_is_a_tab_of_its_own(client, alice):
    make_file(owner=alice, file_name="kept.txt")
    thrown = make_file(owner=alice, file_name="thrown.txt", deleted_at=timezone.now())

    listed = client.get(URL).content.decode()
    binned = client.get(URL, {"bin": "yes"}).content.decode()

    assert "Bin (1)" in listed
    assert "thrown.txt" not in listed
    assert "kept.txt" not in binned
    assert f'action="/files/{thrown.public_id}/restore"' in binned


def test_it_says_how_full_the_storage_is(client, alice):
    alice.storage_quota_bytes = 4096
    alice.save()
    make_file(owner=alice, size=1024)
    make_file(owner=alice, size=1024, deleted_at=timezone.now())

    page = client.get(URL).content.decode()
    assert "2.0\xa0KB of 4.0\xa0KB used" in page
    assert 'value="50"' in page
    assert "Your storage is full" not in page

    make_file(owner=alice, size=2048)
    assert "Your storage is full" in client.get(URL).content.decode()


def test_a_deletion_offers_the_way_back_once(client, alice):
    file = make_file(owner=alice, file_name="Plan.txt")

    page = client.post(f"/files/{file.public_id}/delete", follow=True).content.decode()
    assert "“Plan.txt” is in the bin." in page
    assert "Undo" in page

    client.post(f"/files/{file.public_id}/restore")
    assert File.objects.living().count() == 1
    assert "Undo" not in client.get(URL, {"undo": str(file.public_id)}).content.decode()
    assert client.get(URL, {"undo": "x"}).status_code == 200


def test_names_are_text_not_markup(client, alice):
    make_file(owner=alice, file_name="<img src=x>.txt")
    assert b"<img src=x>" not in client.get(URL).content


def test_a_thousand_files_stay_quick(client, alice):
    """One page of fifty, and the same few queries as with ten files."""

    def queries() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page = client.get(URL, {"q": "file", "sort": "name"}).content.decode()
        assert page.count('class="file-row"') == min(50, File.objects.count())
        return [query["sql"] for query in captured]

    for number in range(10):
        make_file(owner=alice, file_name=f"file {number:04d}.txt")
    client.get(URL)
    few = queries()
    for number in range(10, 1000):
        make_file(owner=alice, file_name=f"file {number:04d}.txt")

    many = queries()

    assert len(many) == len(few) <= 10, many
    assert "Page 1 of 20" in client.get(URL).content.decode()
