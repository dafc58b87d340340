"""PUT to the local storage: what S3 refuses is refused, with its statuses and its XML."""

from __future__ import annotations

import threading
from io import BytesIO
from urllib.parse import quote

import pytest
from django.test import Client

from uploads.storage import local_files, new_key
from uploads.storage.local import LocalStore
from uploads.storage.receiving import Incomplete, draft_of
from uploads.storage.signing import Grant

BODY = b"some bytes of sound"
MP3 = "audio/mpeg"


@pytest.fixture
def key() -> str:
    return new_key("audio", "mp3")


@pytest.fixture
def put(client, local_store, key):
    signed = local_store.presign_put(key, MP3, None, 60)

    def put(body=BODY, *, url=signed.url, content_type=MP3, **headers):
        sent = {"If-None-Match": "*", **headers}
        return client.generic(
            "PUT",
            url.removeprefix("http://testserver"),
            body,
            content_type,
            headers={name: value for name, value in sent.items() if value is not None},
        )

    return put


def content_of(store: LocalStore, key: str) -> bytes:
    with store.open(key) as stream:
        return stream.read()


def assert_refused(response, status: int, code: str, message: str = "") -> None:
    text = response.content.decode()
    assert response.status_code == status, text
    assert response["Content-Type"] == "application/xml"
    assert f"<Code>{code}</Code>" in text
    assert message in text


def test_an_object_is_put_once(put, local_store, key):
    first = put()

    assert first.status_code == 200
    assert first.content == b""
    info = local_store.stat(key)
    assert (info.size_bytes, info.content_type) == (len(BODY), MP3)
    assert first["ETag"] == f'"{info.etag}"'
    assert_refused(put(b"another"), 412, "PreconditionFailed")
    assert content_of(local_store, key) == BODY


def test_an_empty_object_is_one(put, local_store, key):
    response = put(b"", **{"Content-Length": "0", "Content-Type": MP3})

    assert response.status_code == 200
    assert local_store.stat(key).size_bytes == 0


def test_what_is_signed_has_to_be_sent(put, local_store, key):
    assert_refused(put(content_type="image/png"), 403, "SignatureDoesNotMatch")
    assert_refused(put(content_type="audio/mpeg; charset=utf-8"), 403, "SignatureDoesNotMatch")
    assert_refused(put(**{"If-None-Match": None}), 403, "SignatureDoesNotMatch")
    assert_refused(put(**{"If-None-Match": '"etag"'}), 403, "SignatureDoesNotMatch")
    assert local_store.stat(key) is None


def test_the_length_can_be_signed(put, local_store, key):
    url = local_store.presign_put(key, MP3, len(BODY), 60).url

    assert_refused(put(BODY + b"!", url=url), 403, "SignatureDoesNotMatch")
    assert_refused(put(BODY[:-1], url=url), 403, "SignatureDoesNotMatch")
    assert put(url=url).status_code == 200


def test_what_was_signed_cannot_be_changed(put, local_store, key):
    url = local_store.presign_put(key, MP3, None, 60).url
    other = new_key("audio", "mp3")
    for tampered in (
        url.replace(key, other),
        url.replace("signature=", "signature=0"),
        url.replace("expires=", "expires=1"),
        url.replace("content-type%3B", ""),
        url.replace("if-none-match", "x-if-none-match"),
        url.replace("headers=", "headers=range%3B"),
        url + "&uploadId=" + "0" * 32 + "&partNumber=1",
    ):
        assert_refused(put(url=tampered), 403, "SignatureDoesNotMatch")
    assert_refused(put(url=url.partition("?")[0]), 403, "AccessDenied")
    assert list(local_store.keys()) == []


def test_an_address_for_reading_is_none_for_writing(put, local_store, key):
    assert_refused(put(url=local_store.url(key, 60)), 403, "SignatureDoesNotMatch")


def test_an_address_for_writing_is_none_for_reading(client, put, local_store, key):
    url = local_store.presign_put(key, MP3, None, 60).url
    assert put(url=url).status_code == 200

    assert_refused(client.get(url.removeprefix("http://testserver")), 403, "SignatureDoesNotMatch")


def test_an_address_expires(put, local_store, key):
    url = local_store.presign_put(key, MP3, None, -1).url

    assert_refused(put(url=url), 403, "AccessDenied", "Request has expired")


def test_addresses_outlive_a_change_of_the_secret_key(put, local_store, key, settings):
    url = local_store.presign_put(key, MP3, None, 60).url
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a-new-key-" * 6

    assert put(url=url).status_code == 200


def test_too_large_is_refused(put, local_store, key, settings):
    settings.UPLOAD_MAX_BYTES = len(BODY) - 1

    assert_refused(put(), 400, "EntityTooLarge")
    assert local_store.stat(key) is None


def test_a_body_needs_a_length(client, put, local_store, key):
    assert_refused(put(**{"Content-Length": "many"}), 411, "MissingContentLength")
    assert_refused(put(**{"Transfer-Encoding": "chunked"}), 411, "MissingContentLength")
    assert local_store.stat(key) is None


def test_a_body_that_breaks_off_leaves_nothing(put, local_store, key):
    with pytest.raises(Incomplete):
        local_store.receive(key, BytesIO(BODY), len(BODY) + 10)

    assert local_store.stat(key) is None
    assert list(local_store._incoming.iterdir()) == []
    assert put().status_code == 200


@pytest.mark.parametrize(
    "target", ["../secret", "audio/../../secret", "audio/%2e%2e/%2e%2e/secret", "/etc/passwd", "audio/.x/a.mp3", "a\0b"]
)
def test_no_address_leads_out_of_the_storage(put, target, settings):
    url = f"http://testserver/media/{quote(target, safe='/%.')}"
    grant = Grant(target, 9_999_999_999, {"Content-Type": MP3, "If-None-Match": "*"})
    query = "&".join(f"{name}={quote(value)}" for name, value in grant.query().items())

    response = put(url=f"{url}?{query}")

    assert response.status_code in (400, 403, 404)
    assert not (settings.MEDIA_DIR.parent / "secret").exists()


def test_of_two_at_once_the_second_is_told_to_wait(put, local_store, key):
    local_store._incoming.mkdir(parents=True)

    with local_files.open_alone(draft_of(key, local_store._incoming)):
        assert_refused(put(), 409, "ConditionalRequestConflict")

    assert put().status_code == 200


def test_many_at_once_put_one_object(local_store, key):
    url = local_store.presign_put(key, MP3, None, 60).url.removeprefix("http://testserver")
    bodies = [bytes([65 + number]) * 200_000 for number in range(8)]
    answers: dict[int, int] = {}
    start = threading.Barrier(len(bodies))

    def send(number: int) -> None:
        start.wait()
        answers[number] = Client().put(url, bodies[number], MP3, headers={"If-None-Match": "*"}).status_code

    threads = [threading.Thread(target=send, args=[number]) for number in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [number for number, status in answers.items() if status == 200]
    assert len(winners) == 1
    assert set(answers.values()) <= {200, 409, 412}
    assert content_of(local_store, key) == bodies[winners[0]]
    assert list(local_store._incoming.iterdir()) == []


def test_a_storage_that_cannot_write_says_so(put, local_store, key, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("uploads.storage.receiving.os.fsync", full)

    assert_refused(put(), 503, "ServiceUnavailable")
    assert local_store.stat(key) is None
    assert list(local_store._incoming.iterdir()) == []


def test_pages_of_ours_may_put_from_another_address(client, put, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://kiosk.example.org"]
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,if-none-match"}

    for origin in ("http://testserver", "https://kiosk.example.org"):
        response = client.options("/media/audio/x.mp3", headers={"Origin": origin, **asked})
        assert response.status_code == 200
        assert response["Access-Control-Allow-Origin"] == origin
        assert "PUT" in response["Access-Control-Allow-Methods"]
        assert {"content-type", "if-none-match"} <= set(response["Access-Control-Allow-Headers"].split(", "))
    response = client.options("/media/audio/x.mp3", headers={"Origin": "https://evil.example", **asked})
    assert_refused(response, 403, "AccessForbidden")
    answer = put(Origin="https://kiosk.example.org")
    assert answer["Access-Control-Allow-Origin"] == "https://kiosk.example.org"
    assert "ETag" in answer["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in put(Origin="https://evil.example")


def test_where_objects_are_in_s3_nothing_can_be_put_here(client, local_store, s3_settings, key):
    url = LocalStore(folder=local_store._folder, site_url="http://testserver").presign_put(key, MP3, None, 60).url

    response = client.put(url.removeprefix("http://testserver"), BODY, MP3, headers={"If-None-Match": "*"})

    assert_refused(response, 404, "NoSuchKey")
