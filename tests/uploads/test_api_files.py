"""The API of the file library: list, add, look at, rename, delete, restore, download."""

from __future__ import annotations

import urllib.parse
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from micdots.api.models import IdempotentAnswer
from micdots.lib.errors import ServiceUnavailable
from tests.factories import make_file
from tests.generations.api.checks import (
    NO_SUCH_ID,
    both_forms,
    data_of,
    refused,
    rows_of,
    strangers,
    walk,
    wrong_methods,
)
from tests.uploads.addresses import get, name_header_of
from uploads.models import File, Upload
from uploads.services import in_use, purge_file
from uploads.storage import store

pytestmark = pytest.mark.django_db
URL = "/api/v1/files"
FILE = {
    "id", "uploadId", "fileName", "fileKey", "contentType", "bytes", "sha256", "durationSeconds", "previewUrl",
    "inUse", "createdAt", "deletedAt",
}  # fmt: skip
TEXT = b"Bread, butter, jam.\n"


@pytest.fixture
def client(api, alice) -> APIClient:
    return api(alice)


@pytest.fixture
def needed(monkeypatch):
    """Files that some app needs; add their keys."""
    keys: set[int] = set()
    monkeypatch.setitem(in_use._readers, "test", lambda file_ids: keys & set(file_ids))
    return keys


def send(client, content=TEXT, name="list.txt", content_type="text/plain", **options):
    form = {"file": SimpleUploadedFile(name, content, content_type)}
    return client.post(URL, form, format="multipart", **options)


def address_of(file: File, rest: str = "") -> str:
    return f"{URL}/{file.public_id}{rest}"


# --- List ----------------------------------------------------------------------------------------------------------


def test_the_list_shows_files_newest_first(client, alice, bob):
    older, newer = make_file(owner=alice), make_file(owner=alice, file_name="b.txt")
    make_file(owner=bob)

    rows = rows_of(client.get(URL))

    assert [row["id"] for row in rows] == [str(newer.public_id), str(older.public_id)]
    assert rows[0].keys() == FILE
    assert rows[0]["fileName"] == "b.txt"
    both_forms(client, URL)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("fileName", ["a.txt", "b.txt", "c.txt"]),
        ("-fileName", ["c.txt", "b.txt", "a.txt"]),
        ("bytes", ["c.txt", "a.txt", "b.txt"]),
        ("-bytes", ["b.txt", "a.txt", "c.txt"]),
        ("createdAt", ["b.txt", "c.txt", "a.txt"]),
    ],
)
def test_it_is_sorted_as_asked_over_all_pages(client, alice, sort, names):
    for name, size in (("b.txt", 30), ("c.txt", 10), ("a.txt", 20)):
        make_file(owner=alice, file_name=name, size=size)

    assert [row["fileName"] for row in walk(client, f"{URL}?limit=1&sort={sort}")] == names


@pytest.mark.parametrize("q", ["cafe", "CAFÉ men", "menü", "pdf"])
def test_words_of_the_name_find_it(client, alice, q):
    make_file(owner=alice, file_name="Café Menü.pdf", content_type="application/pdf")
    make_file(owner=alice, file_name="Decaf.txt")

    assert [row["fileName"] for row in rows_of(client.get(URL, {"q": q}))] == ["Café Menü.pdf"]


@pytest.mark.parametrize("sort", ["fileName", "-fileName"])
def test_the_longest_names_are_walked_to_the_end(client, alice, sort):
    for number in range(3):
        make_file(owner=alice, file_name=f"{'文' * 250}{number}.txt")
        make_file(owner=alice, file_name=f"{'🌻' * 250}{number}.txt")

    names = [row["fileName"] for row in walk(client, f"{URL}?limit=1&sort={sort}")]

    assert len(set(names)) == len(names) == 6


def test_a_type_narrows_it_down(client, alice):
    make_file(owner=alice)
    make_file(owner=alice, file_name="a.mp3", content_type="audio/mpeg")

    rows = rows_of(client.get(URL, {"contentType": "audio/mp3; x=1"}))

    assert [row["contentType"] for row in rows] == ["audio/mpeg"]


def test_the_bin_is_a_list_of_its_own(client, alice):
    make_file(owner=alice, file_name="kept.txt")
    make_file(owner=alice, file_name="thrown.txt", deleted_at=timezone.now())
    make_file(owner=alice, file_name="", deleted_at=timezone.now(), purged_at=timezone.now())

    assert [row["fileName"] for row in rows_of(client.get(URL))] == ["kept.txt"]
    assert [row["fileName"] for row in rows_of(client.get(URL, {"deleted": "true"}))] == ["thrown.txt"]


@pytest.mark.parametrize(
    "query", [{"sort": "size"}, {"limit": "0"}, {"cursor": "x"}, {"contentType": "music"}, {"deleted": "perhaps"}]
)
def test_a_wrong_parameter_is_named(client, query):
    refused(client.get(URL, query), 400, "VALIDATION_ERROR", *query)


def test_its_queries_do_not_grow_with_its_rows(client, alice, needed, django_assert_num_queries):
    for number in range(30):
        needed.add(make_file(owner=alice, file_name=f"{number}.txt").pk)
    client.get(URL)

    with django_assert_num_queries(3):  # the account, the page, what dots need of it
        assert all(row["inUse"] for row in rows_of(client.get(URL, {"limit": 30})))


# --- Add -----------------------------------------------------------------------------------------------------------


def test_a_form_stores_a_file(client, alice):
    data = data_of(send(client, name="Einkauf 🍞.txt"), 201)

    file = File.objects.select_related("upload").get()
    assert data.keys() == FILE
    assert data["fileName"] == file.file_name == "Einkauf 🍞.txt"
    assert data["bytes"] == len(TEXT)
    assert file.upload.status == Upload.Status.COMPLETED
    with store().open(data["fileKey"]) as stream:
        assert stream.read() == TEXT


def test_the_type_is_taken_from_the_name_where_the_program_does_not_know_it(client):
    data = data_of(send(client, b"a,b\n1,2\n", "table.csv", "application/octet-stream"), 201)
    assert data["contentType"] == "text/csv"


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (b"", "a.txt", "text/plain"),
        (b"<html><script>alert(1)</script>", "a.png", "image/png"),
        (b"MZ", "virus.exe", "application/x-msdownload"),
        (b"x", "page.html", "text/html"),
    ],
)
def test_what_is_not_taken_is_told_on_the_file(client, content, name, content_type):
    refused(send(client, content, name, content_type), 400, "VALIDATION_ERROR", "file")
    assert not File.objects.exists()


def test_a_form_without_a_file_is_told(client):
    refused(client.post(URL, {"name": "x"}, format="multipart"), 400, "VALIDATION_ERROR", "file")


def test_a_broken_form_is_told(client):
    broken = client.post(URL, b"--x\r\nnonsense", content_type="multipart/form-data; boundary=y")
    refused(broken, 400, "VALIDATION_ERROR", "file")
    no_boundary = client.post(URL, b"x", content_type="multipart/form-data")
    refused(no_boundary, 400, "VALIDATION_ERROR", "file")


def test_json_is_another_type(client):
    refused(client.post(URL, {"file": "x"}, format="json"), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_above_the_limit_is_not_read(client):
    response = client.post(
        URL, b"x", content_type="multipart/form-data; boundary=y", headers={"Content-Length": str(10**12)}
    )
    refused(response, 413, "PAYLOAD_TOO_LARGE")


class Unread:
    """A body that must not be read."""

    def read(self, size=-1):
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize("authorization", [None, "Bearer none-of-ours"])
def test_a_body_of_a_stranger_is_not_read(api, db, authorization):
    headers = {"HTTP_AUTHORIZATION": authorization} if authorization else {}

    response = api().generic("POST", URL, **chunked(), **headers)

    refused(response, 401, "UNAUTHORIZED")


def test_a_body_above_the_limit_of_calls_is_not_read(client, settings):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "uploads": "1/m"}
    send(client)

    refused(client.generic("POST", URL, **chunked()), 429, "RATE_LIMITED")


def chunked():
    form = "multipart/form-data; boundary=x"
    return {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": form, "wsgi.input": Unread()}


def test_a_full_storage_takes_no_more(client, alice):
    alice.storage_quota_bytes = 10
    alice.save()

    error = refused(send(client), 403, "QUOTA_EXCEEDED")

    assert error["details"] == {"limit": 10, "used": 0}
    assert not File.objects.exists()


def test_the_same_key_and_file_store_once(client):
    first = send(client, headers={"Idempotency-Key": "one"})
    again = send(client, headers={"Idempotency-Key": "one"})

    assert first.status_code == again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert File.objects.stored().count() == 1


def test_the_same_key_with_another_file_conflicts(client):
    send(client, headers={"Idempotency-Key": "one"})

    refused(send(client, b"Other words.", headers={"Idempotency-Key": "one"}), 409, "CONFLICT")

    assert File.objects.stored().count() == 1


def test_a_file_that_fails_after_a_killed_request_leaves_nothing_behind(client, alice, monkeypatch):
    """The first request was killed before it answered; the second one's file is stored, but its row cannot be."""
    send(client, headers={"Idempotency-Key": "one"})
    for file in File.objects.all():
        purge_file(file=file)
    long_ago = timezone.now() - timedelta(hours=1)
    IdempotentAnswer.objects.update(status=None, body="", leased_until=long_ago)
    monkeypatch.setattr("uploads.services.files.make_file", fail)

    response = send(client, headers={"Idempotency-Key": "one"})

    refused(response, 503, "SERVICE_UNAVAILABLE")
    assert Upload.objects.filter(status=Upload.Status.ABORTED).exists()  # whose object is swept away
    monkeypatch.undo()
    assert send(client, headers={"Idempotency-Key": "one"}).status_code == 201
    assert File.objects.stored().count() == 1


def fail(*_arguments):
    raise ServiceUnavailable


# --- One file ------------------------------------------------------------------------------------------------------


def test_one_file_is_shown(client, alice):
    file = make_file(owner=alice, file_name="a.mp3", content_type="audio/mpeg", duration_ms=1500)

    data = data_of(client.get(address_of(file)))

    assert data["uploadId"] == str(file.upload.public_id)
    assert data["durationSeconds"] == 1.5
    assert data["previewUrl"] is None
    assert data["inUse"] is False


def test_renaming_keeps_the_object(client, alice):
    file = make_file(owner=alice)

    data = data_of(client.patch(address_of(file), {"fileName": "Überschrift.txt"}, format="json"))

    assert data["fileName"] == "Überschrift.txt"
    assert data["fileKey"] == file.upload.key
    assert [row["id"] for row in rows_of(client.get(URL, {"q": "uber"}))] == [str(file.public_id)]


@pytest.mark.parametrize("name", ["", "..", "a\x00b.txt", "song.mp3", "x" * 5000, 7, None])
def test_a_name_that_is_none_is_refused(client, alice, name):
    file = make_file(owner=alice)
    refused(client.patch(address_of(file), {"fileName": name}, format="json"), 400, "VALIDATION_ERROR", "fileName")


def test_folders_and_direction_marks_leave_a_name(client, alice):
    file = make_file(owner=alice)
    data = data_of(client.patch(address_of(file), {"fileName": "C:\\secret\\a\u202eb.txt"}, format="json"))
    assert data["fileName"] == "ab.txt"


def test_deleting_puts_it_into_the_bin_and_back(client, alice):
    file = make_file(owner=alice, content=TEXT)

    assert client.delete(address_of(file)).status_code == 204
    assert rows_of(client.get(URL)) == []
    assert data_of(client.get(address_of(file)))["deletedAt"]
    refused(client.get(address_of(file, "/download")), 409, "CONFLICT")

    data = data_of(client.post(address_of(file, "/restore")))
    assert data["deletedAt"] is None
    assert len(rows_of(client.get(URL))) == 1


def test_what_is_in_use_stays(client, alice, needed):
    file = make_file(owner=alice)
    needed.add(file.pk)

    assert data_of(client.get(address_of(file)))["inUse"] is True
    refused(client.delete(address_of(file)), 409, "CONFLICT")
    assert File.objects.living().count() == 1


def test_what_is_gone_for_good_is_not_found(client, alice):
    file = make_file(owner=alice, deleted_at=timezone.now(), purged_at=timezone.now())
    refused(client.post(address_of(file, "/restore")), 404, "NOT_FOUND")


def test_a_download_has_the_original_name(client, alice):
    file = make_file(owner=alice, file_name="Привет “мир”.txt", content=TEXT)

    data = data_of(client.get(address_of(file, "/download")))

    assert data.keys() == {"url", "expiresIn", "expiresAt"}
    assert data["expiresIn"] == 3600
    assert data["expiresAt"] >= (timezone.now() + timedelta(minutes=59)).isoformat()[:19]
    got = get(data["url"])
    assert got.body == TEXT
    assert urllib.parse.quote("Привет “мир”.txt", safe="") in name_header_of(data["url"])
    assert name_header_of(data["url"]).startswith("attachment")


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("get", "", None),
        ("patch", "", {"fileName": "b.txt"}),
        ("delete", "", None),
        ("post", "/restore", None),
        ("get", "/download", None),
        ("post", "/share", {}),
        ("delete", "/share", None),
    ],
)
def test_strangers_find_nothing(api, alice, charlie, method, rest, body):
    file = make_file(owner=alice)

    strangers(api, charlie, method, address_of(file, rest), body)
    refused(getattr(api(alice), method)(f"{URL}/{NO_SUCH_ID}{rest}", body, format="json"), 404, "NOT_FOUND")
    refused(getattr(api(alice), method)(f"{URL}/seven{rest}", body, format="json"), 400, "VALIDATION_ERROR", "fileId")


def test_the_list_needs_credentials_and_is_ones_own(api, alice, charlie):
    make_file(owner=alice)
    strangers(api, None, "get", URL)
    refused(send(api()), 401, "UNAUTHORIZED")
    assert rows_of(api(charlie).get(URL)) == []


def test_other_methods_are_refused(client, alice):
    file = make_file(owner=alice)
    wrong_methods(client, URL, "GET", "POST")
    wrong_methods(client, address_of(file), "GET", "PATCH", "DELETE")
    wrong_methods(client, address_of(file, "/restore"), "POST")
    wrong_methods(client, address_of(file, "/download"), "GET")
    wrong_methods(client, address_of(file, "/share"), "POST", "DELETE")
