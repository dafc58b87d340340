"""The local storage over HTTP: who may read, and how browsers and players ask."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.http import http_date

from uploads.storage import new_key

SOUND = bytes(range(256)) * 40


@pytest.fixture
def key(local_store):
    key = new_key("audio", "mp3")
    local_store.put(key, SOUND, "audio/mpeg")
    return key


@pytest.fixture
def address(local_store, key) -> str:
    return path_of(local_store.url(key, 60))


def path_of(url: str) -> str:
    return url.removeprefix("http://testserver")


def body_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def assert_refused(response: HttpResponse, status: int, code: str) -> None:
    assert response.status_code == status
    assert response["Content-Type"] == "application/xml"
    assert f"<Code>{code}</Code>" in response.content.decode()


def test_a_signed_address_gives_the_object(client, address):
    response = client.get(address)

    assert response.status_code == 200
    assert response["Content-Type"] == "audio/mpeg"
    assert response["Content-Length"] == str(len(SOUND))
    assert response["Accept-Ranges"] == "bytes"
    assert "Content-Disposition" not in response
    assert body_of(response) == SOUND


def test_an_object_never_acts_as_a_page_of_ours(client, address):
    response = client.get(address)

    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert not response.cookies
    assert body_of(response) == SOUND


def test_head_gives_the_headers_alone(client, address):
    response = client.head(address)

    assert response["Content-Length"] == str(len(SOUND))
    assert body_of(response) == b""


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, 10_240),
        ("bytes=-500", 9_740, 10_240),
        ("bytes=10000-99999", 10_000, 10_240),
        ("bytes=0-0", 0, 1),
        ("bytes=-99999", 0, 10_240),
        ("BYTES=5-6", 5, 7),
    ],
)
def test_a_range_is_answered_with_206(client, address, asked, first, last):
    response = client.get(address, headers={"Range": asked})

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last - 1}/10240"
    assert response["Content-Length"] == str(last - first)
    assert body_of(response) == SOUND[first:last]


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes 0-5", "", "bytes=٣-٥"]
)
def test_a_range_that_makes_no_sense_is_ignored(client, address, asked):
    response = client.get(address, headers={"Range": asked})

    assert response.status_code == 200
    assert body_of(response) == SOUND


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_a_range_behind_the_end_is_answered_with_416(client, address, asked):
    response = client.get(address, headers={"Range": asked})

    assert_refused(response, 416, "InvalidRange")
    assert response["Content-Range"] == "bytes */10240"


def test_any_range_of_an_empty_object_is_behind_its_end(client, local_store):
    key = new_key("audio", "mp3")
    local_store.put(key, b"", "audio/mpeg")
    address = path_of(local_store.url(key, 60))

    assert_refused(client.get(address, headers={"Range": "bytes=0-"}), 416, "InvalidRange")
    assert body_of(client.get(address)) == b""


def test_a_range_holds_only_for_the_object_that_the_asker_knows(client, address, local_store, key):
    etag = client.head(address)["ETag"]
    modified = client.head(address)["Last-Modified"]

    for known in (etag, modified):
        response = client.get(address, headers={"Range": "bytes=0-9", "If-Range": known})
        assert (response.status_code, body_of(response)) == (206, SOUND[:10])
    for other in ('"another"', f"W/{etag}", http_date(0), "nonsense"):
        response = client.get(address, headers={"Range": "bytes=0-9", "If-Range": other})
        assert (response.status_code, body_of(response)) == (200, SOUND)


def test_what_the_browser_has_is_not_sent_again(client, address, local_store, key):
    first = client.head(address)

    for condition in ({"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}):
        response = client.get(address, headers=condition)
        assert (response.status_code, body_of(response)) == (304, b"")
        assert response["ETag"] == first["ETag"]
    local_store.put(key, SOUND, "audio/mpeg")
    response = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (response.status_code, body_of(response)) == (200, SOUND)


def test_a_failed_precondition_is_412(client, address):
    assert_refused(client.get(address, headers={"If-Match": '"another"'}), 412, "PreconditionFailed")


def test_a_file_name_makes_it_a_download(client, local_store, key):
    response = client.get(path_of(local_store.url(key, 60, file_name="Grüße & mehr.mp3")))

    assert response["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''Gr%C3%BC%C3%9Fe%20&%20mehr.mp3" in response["Content-Disposition"]
    assert body_of(response) == SOUND


def test_another_content_type_can_be_signed(client, local_store, key):
    response = client.get(path_of(local_store.url(key, 60, content_type="audio/mp4")))

    assert response["Content-Type"] == "audio/mp4"
    assert body_of(response) == SOUND


def test_an_expired_address_is_refused(client, address, monkeypatch):
    later = datetime.now(UTC).timestamp() + 200
    monkeypatch.setattr("uploads.storage.signing.time.time", lambda: later)

    response = client.get(address)

    assert_refused(response, 403, "AccessDenied")
    assert "Request has expired" in response.content.decode()


def test_an_address_lives_as_long_as_it_says(client, local_store, key, monkeypatch):
    signed = local_store.signed_url(key, 60)
    for offset, status in ((-1, 200), (1, 403)):
        moment = (signed.expires_at + timedelta(seconds=offset)).timestamp()
        monkeypatch.setattr("uploads.storage.signing.time.time", lambda moment=moment: moment)
        response = client.get(path_of(signed.url))
        assert response.status_code == status
        assert (body_of(response) == SOUND) is (status == 200)


def changed(address: str, pattern: str, replacement: str) -> str:
    result = re.sub(pattern, replacement, address)
    assert result != address
    return result


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"expires=(\d+)", r"expires=9\1"),
        (r"expires=\d+", "expires=99999999999999999999999"),
        (r"signature=.", "signature="),
        (r"(signature=\w{63})\w", r"\1x"),
        (r"signature=\w+", "signature="),
        (r"signature=\w+", "signature=ü"),
        (r"$", "&type=text/html"),
        (r"$", "&name=evil.html"),
    ],
)
def test_a_changed_address_is_refused(client, address, pattern, replacement):
    response = client.get(changed(address, pattern, replacement))

    assert response.status_code == 403
    assert response["Content-Type"] == "application/xml"


@pytest.mark.parametrize("query", ["", "?expires=9999999999", "?signature=abc", "?expires=x&signature=abc"])
def test_an_unsigned_address_is_refused(client, address, query):
    response = client.get(urlsplit(address).path + query)

    assert_refused(response, 403, "AccessDenied")


def test_a_signature_is_for_one_object_alone(client, address, local_store):
    other = new_key("audio", "mp3")
    local_store.put(other, b"of somebody else", "audio/mpeg")

    assert_refused(client.get(f"/media/{other}?{urlsplit(address).query}"), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "path",
    [
        "../secret_key",
        "..%2fsecret_key",
        "%2e%2e/%2e%2e/etc/passwd",
        "audio/../../secret_key",
        "audio/%00",
        "/etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_storage(client, local_store, settings, path):
    (settings.MEDIA_DIR).mkdir(parents=True)
    (settings.MEDIA_DIR.parent / "secret_key").write_text("the secret")

    response = client.get(f"/media/{path}?expires=9999999999&signature=00")

    assert response.status_code in (403, 404)
    assert b"the secret" not in response.content


def test_a_signed_address_of_nothing_is_404(client, local_store):
    assert_refused(client.get(path_of(local_store.url(new_key("audio", "mp3"), 60))), 404, "NoSuchKey")


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_an_address_takes_no_other_method(address, method):
    response = getattr(Client(enforce_csrf_checks=True), method)(address)

    assert_refused(response, 405, "MethodNotAllowed")
    assert response["Allow"] == "GET, HEAD, PUT"


def test_an_address_for_reading_cannot_write(client, local_store, address, key):
    assert_refused(client.put(address, b"another", content_type="audio/mpeg"), 403, "SignatureDoesNotMatch")
    assert local_store.stat(key).size_bytes == len(SOUND)


def test_addresses_outlive_a_change_of_the_secret_key(client, address, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a-new-key-" * 6

    response = client.get(address)

    assert body_of(response) == SOUND


def test_addresses_die_with_their_secret_key(client, address, settings):
    settings.SECRET_KEY = "a-new-key-" * 6

    assert_refused(client.get(address), 403, "SignatureDoesNotMatch")


def test_where_objects_are_in_s3_nothing_is_served_here(client, s3_store):
    assert_refused(client.get("/media/audio/2026/11/x.mp3"), 404, "NoSuchKey")
