"""What every object store does, tried on each of them."""

import io
import os
import re
from datetime import UTC, datetime, timedelta

import pytest
import requests

from uploads.storage import ObjectNotFound, new_key

SOUND = bytes(range(256)) * 40  # 10,240 bytes, every position tells itself


def put(store, body=SOUND, key=None):
    key = key or new_key("audio", "mp3")
    store.put(key, body, "audio/mpeg")
    return key


def test_what_was_put_is_read_again(store):
    key = new_key("audio", "mp3")

    stored = store.put(key, SOUND, "audio/mpeg")

    assert stored.size_bytes == len(SOUND)
    with store.open(key) as stream:
        assert stream.read() == SOUND


def test_a_file_is_read_from_where_it_stands_and_left_open(store):
    file = io.BytesIO(b"skipped" + SOUND)
    file.seek(7)

    key = put(store, file)

    assert not file.closed
    assert store.stat(key).size_bytes == len(SOUND)


def test_a_large_file_arrives_whole(store, tmp_path):
    body = os.urandom(9 * 1024 * 1024)  # above the size from which S3 takes parts
    path = tmp_path / "large"
    path.write_bytes(body)

    with path.open("rb") as file:
        key = put(store, file)

    with store.open(key) as stream:
        assert b"".join(stream) == body


def test_a_pipe_can_be_stored(store):
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as end:
        end.write(SOUND)
    with os.fdopen(reading, "rb") as file:
        key = put(store, file)

    with store.open(key) as stream:
        assert stream.read() == SOUND


def test_an_object_is_replaced_whole_and_its_etag_changes(store):
    key = put(store)
    before = store.stat(key)

    put(store, b"short", key)

    after = store.stat(key)
    assert after.etag != before.etag
    with store.open(key) as stream:
        assert stream.read() == b"short"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 10, SOUND[:10]),
        (100, 300, SOUND[100:300]),
        (10_000, None, SOUND[10_000:]),
        (None, 5, SOUND[:5]),
        (10_000, 99_999, SOUND[10_000:]),
        (50, 50, b""),
        (20_000, None, b""),
        (20_000, 20_001, b""),
    ],
)
def test_a_range_is_read(store, start, end, expected):
    key = put(store)

    with store.open(key, start, end) as stream:
        assert stream.read() == expected


def test_reading_in_pieces_gives_the_whole(store):
    key = put(store)

    with store.open(key, 5) as stream:
        assert stream.read(3) + stream.read(7) + stream.read() == SOUND[5:]


def test_stat_tells_size_type_and_time(store):
    info = store.stat(put(store))

    assert (info.size_bytes, info.content_type) == (len(SOUND), "audio/mpeg")
    assert abs(info.modified_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert info.etag
    assert '"' not in info.etag


def test_what_is_not_there_has_no_stat_and_cannot_be_opened(store):
    key = new_key("audio", "mp3")

    assert store.stat(key) is None
    with pytest.raises(ObjectNotFound) as caught:
        store.open(key)
    assert caught.value.permanent
    with pytest.raises(ObjectNotFound):
        store.open(key, 3, 3)


def test_deleting_twice_is_no_error(store):
    key = put(store)

    store.delete(key)
    store.delete(key)

    assert store.stat(key) is None


def test_keys_are_listed_by_prefix(store):
    audio = {put(store) for _count in range(3)}
    picture = new_key("qr-codes", "png")
    store.put(picture, b"picture", "image/png")

    assert {info.key for info in store.keys("")} == audio | {picture}
    assert {info.key for info in store.keys("audio/")} == audio
    some_key = min(audio)
    assert [info.key for info in store.keys(some_key[:-8])] == [some_key]
    (info,) = store.keys("qr-")
    assert (info.key, info.size_bytes, info.content_type) == (picture, 7, "image/png")
    assert list(store.keys("temp/")) == []


def test_an_empty_store_lists_nothing(store):
    assert list(store.keys()) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "audio",
        "/etc/passwd",
        "audio/../secret_key",
        "audio/2026/../../x.mp3",
        "audio//x.mp3",
        "audio/.hidden",
        "audio/x\x00.mp3",
        "audio/x\n.mp3",
        "audio/x.mp3\n",
        "audio/ü.mp3",
        "audio\\x.mp3",
        ".incoming/x",
        "audio/" + "x" * 300,
    ],
)
def test_a_key_of_another_form_is_refused_by_every_operation(store, key):
    for call in (
        lambda: store.put(key, b"", "audio/mpeg"),
        lambda: store.open(key),
        lambda: store.stat(key),
        lambda: store.delete(key),
        lambda: store.signed_url(key, 60),
    ):
        with pytest.raises(ValueError, match="not an object key"):
            call()


@pytest.mark.parametrize("prefix", ["../", "/", "audio/../", ".incoming", "audio/\x00"])
def test_a_prefix_that_leads_out_is_refused(store, prefix):
    with pytest.raises(ValueError, match="beginning of an object key"):
        list(store.keys(prefix))


def test_a_type_that_the_key_does_not_stand_for_is_refused(store):
    with pytest.raises(ValueError, match="text/html"):
        store.put(new_key("audio", "mp3"), b"<script>", "text/html")


def test_new_keys_have_the_documented_layout():
    key = new_key("qr-codes", "png")

    now = datetime.now(UTC)
    assert re.fullmatch(rf"qr-codes/{now:%Y}/{now:%m}/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\.png", key)
    assert new_key("qr-codes", "png") != key


@pytest.mark.parametrize(("scope", "extension"), [("Audio", "mp3"), ("..", "mp3"), ("audio", ".mp3"), ("audio", "m/p")])
def test_a_scope_or_extension_of_another_form_makes_no_key(scope, extension):
    with pytest.raises(ValueError, match="not a"):
        new_key(scope, extension)


def test_the_same_call_gives_the_same_address_for_a_while(store):
    key = put(store)

    first, second = store.signed_url(key, 900), store.signed_url(key, 900)

    assert first == second
    assert store.url(key, 900) == first.url
    left = (first.expires_at - datetime.now(UTC)).total_seconds()
    assert 899 <= left <= 1351
    assert store.url(key, 900, file_name="a.mp3") != first.url
    assert first.url.startswith(f"{store.origin}/")


def test_a_full_check_of_a_healthy_store_says_nothing(store):
    assert store.check() is None


def test_an_s3_address_is_answered_by_the_server(s3_store):
    key = put(s3_store)

    url = s3_store.url(key, 60, file_name="Grüße.mp3", content_type="audio/mp4")
    answer = requests.get(url, headers={"Range": "bytes=10-19"}, timeout=10)

    assert (answer.status_code, answer.content) == (206, SOUND[10:20])
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="Gru')
    assert answer.headers["Content-Type"] == "audio/mp4"
