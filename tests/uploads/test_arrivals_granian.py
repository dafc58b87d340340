"""PUT to the local storage behind the real web server: large bodies in little memory, refusals, and hanging up."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

from tests.uploads.test_serving_granian import memory_of, server, wait_until
from uploads.storage import new_key
from uploads.storage.local import LocalStore

__all__ = ["server"]  # the fixture

MIB = 1024 * 1024
LARGE = 96 * MIB  # below the limit of one PUT
WAV = "audio/wav"


def put(url: str, body, length: int | None, **headers: str) -> http.client.HTTPResponse:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    sent = {"Content-Type": WAV, "If-None-Match": "*", **headers}
    if length is not None:
        sent["Content-Length"] = str(length)
    connection.request("PUT", f"{parts.path}?{parts.query}", body, sent, encode_chunked=length is None)
    response = connection.getresponse()
    response.body = response.read()
    connection.close()
    return response


def test_a_large_object_is_put_in_little_memory(server):
    process, store = server
    warm = new_key("audio", "wav")
    assert put(store.presign_put(warm, WAV, None, 600).url, b"x", 1).status == 200
    key = new_key("audio", "wav")
    before, most = memory_of(process.pid), 0

    def body():
        nonlocal most
        for number in range(LARGE // MIB):
            yield bytes(MIB)
            if number % 8 == 0:
                most = max(most, memory_of(process.pid))

    response = put(store.presign_put(key, WAV, LARGE, 600).url, body(), LARGE)

    assert (response.status, response.body) == (200, b"")
    assert store.stat(key).size_bytes == LARGE
    assert most - before < 30 * MIB


def test_refusals_reach_a_client_that_is_sending(server):
    _process, store = server
    key = new_key("audio", "wav")
    body = bytes(2 * MIB)

    expired = put(store.presign_put(key, WAV, None, -1).url, body, len(body))
    other_type = put(store.presign_put(key, WAV, None, 600).url, body, len(body), **{"Content-Type": "audio/mpeg"})
    other_length = put(store.presign_put(key, WAV, 5, 600).url, body, len(body))

    assert (expired.status, b"Request has expired" in expired.body) == (403, True)
    assert (other_type.status, b"SignatureDoesNotMatch" in other_type.body) == (403, True)
    assert (other_length.status, b"SignatureDoesNotMatch" in other_length.body) == (403, True)
    assert store.stat(key) is None


def test_a_body_in_chunks_has_no_length(server):
    _process, store = server
    key = new_key("audio", "wav")

    response = put(store.presign_put(key, WAV, None, 600).url, iter([b"x" * 1000] * 3), None)

    assert (response.status, b"MissingContentLength" in response.body) == (411, True)
    assert store.stat(key) is None


def test_a_refusal_waits_for_a_slow_body_in_chunks(server):
    _process, store = server
    parts = urlsplit(store.presign_put(new_key("audio", "wav"), WAV, None, 600).url)

    def slowly():
        for _count in range(3):
            time.sleep(0.3)  # long enough for an answer that did not wait, and for the connection to be closed
            yield b"x" * 1000

    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request(
        "PUT", f"{parts.path}?{parts.query}", slowly(), {"Content-Type": WAV, "If-None-Match": "*"}, encode_chunked=True
    )
    with closing(connection), connection.getresponse() as response:
        assert (response.status, b"MissingContentLength" in response.read()) == (411, True)


def test_who_hangs_up_half_way_leaves_nothing_and_may_come_again(server):
    _process, store = server
    key = new_key("audio", "wav")
    url = store.presign_put(key, WAV, None, 600).url
    parts = urlsplit(url)

    with closing(socket.create_connection((parts.hostname, parts.port), timeout=10)) as connection:
        head = (
            f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {WAV}\r\n"
            f"If-None-Match: *\r\nContent-Length: {10 * MIB}\r\n\r\n"
        )
        connection.sendall(head.encode() + bytes(5 * MIB))
        wait_until(lambda: drafts(store) == 1, "the server never began to write")

    wait_until(lambda: drafts(store) == 0, "half of an object stayed behind")
    assert store.stat(key) is None
    assert put(url, b"whole", 5).status == 200


def drafts(store: LocalStore) -> int:
    folder = store._incoming
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_a_put_that_is_under_way_keeps_others_out(server):
    _process, store = server
    key = new_key("audio", "wav")
    url = store.presign_put(key, WAV, None, 600).url
    parts = urlsplit(url)

    with closing(socket.create_connection((parts.hostname, parts.port), timeout=10)) as connection:
        head = (
            f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {WAV}\r\n"
            "If-None-Match: *\r\nContent-Length: 2\r\n\r\n"
        )
        connection.sendall(head.encode() + b"a")
        wait_until(lambda: drafts(store) == 1, "the server never began to write")
        second = put(url, b"xy", 2)
        connection.sendall(b"b")
        first = http.client.HTTPResponse(connection)
        first.begin()

        assert (second.status, b"ConditionalRequestConflict" in second.body) == (409, True)
        assert first.status == 200
    with store.open(key) as stream:
        assert stream.read() == b"ab"
