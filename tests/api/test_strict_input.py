"""Types are strict, text is clean, JSON is JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]


def send(client: Client, body: bytes | dict[str, Any], content_type: str = "application/json") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/api/v1/test/echo", raw, content_type=content_type)


GOOD: list[tuple[str, Any, Any]] = [
    ("shortText", " abc ", "abc"),
    ("shortText", "😀😀😀😀😀", "😀😀😀😀😀"),  # five code points
    ("shortText", "a\tb\nc", "a b c"),
    ("longText", " a\r\nb\tc\n", " a\nb\tc\n"),
    ("longText", "", ""),
    ("word", "red", "red"),
    ("wholeNumber", 7, 7),
    ("wholeNumber", 7.0, 7),
    ("number", 1, 1.0),
    ("number", 0.5, 0.5),
    ("isTrue", False, False),
    ("language", "EN-gb", "en-GB"),
    ("language", "zh-hant-tw", "zh-Hant-TW"),
    ("language", "es-419", "es-419"),
    ("someId", "123E4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
    ("moment", "2026-11-22T17:45:00+02:00", "2026-11-22T15:45:00Z"),
    ("moment", None, None),
    ("day", "2026-11-22", "2026-11-22"),
    ("tags", ["a", "b"], ["a", "b"]),
    ("free", {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
    ("place", {"webSite": "https://example.org/?q=1"}, {"web_site": "https://example.org/?q=1"}),
    ("place", None, None),
]


@pytest.mark.parametrize(("name", "value", "arrives"), GOOD)
def test_good_values_arrive(client: Client, name: str, value: Any, arrives: Any) -> None:
    response = send(client, {name: value})

    assert response.status_code == 201, response.content
    assert list(response.json()["data"]["arrived"].values()) == [arrives]


BAD: list[tuple[str, Any]] = [
    ("shortText", 7),
    ("shortText", True),
    ("shortText", None),
    ("shortText", []),
    ("shortText", {}),
    ("shortText", ""),
    ("shortText", " \n"),
    ("shortText", "abcdef"),
    ("shortText", "a\x00"),
    ("shortText", "a\x1b"),
    ("shortText", "a\x7f"),
    ("shortText", "a\x85"),
    ("shortText", "a\ud800"),
    ("longText", "a\rb"),
    ("longText", "a\x0bb"),
    ("word", "blue"),
    ("word", 1),
    ("wholeNumber", "7"),
    ("wholeNumber", True),
    ("wholeNumber", 7.5),
    ("wholeNumber", 0),
    ("wholeNumber", 10**30),
    ("number", "1"),
    ("number", False),
    ("number", 2.1),
    ("number", 10**400),
    ("isTrue", "true"),
    ("isTrue", 1),
    ("language", "english"),
    ("language", "xx-QQ"),
    ("language", "en_GB"),
    ("language", "en-"),
    ("language", "e" * 100),
    ("someId", "123"),
    ("someId", "123e4567e89b12d3a456426614174000"),
    ("someId", 5),
    ("moment", "2026-11-22T15:45:00"),
    ("moment", "2026-13-22T15:45:00Z"),
    ("moment", "0001-01-01T00:00:00+23:00"),
    ("moment", 1700000000),
    ("day", "2026-02-30"),
    ("day", "20261122"),
    ("tags", "a"),
    ("tags", ["a", "b", "c"]),
    ("free", []),
    ("free", "x"),
    ("place", "x"),
    ("place", []),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_values_are_refused_by_name(client: Client, name: str, value: Any) -> None:
    response = send(client, {name: value})

    assert response.status_code == 400, response.content
    error = response.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert list(error["details"]) == [name]
    assert all(isinstance(message, str) for message in error["details"][name])


def test_errors_inside_name_their_place(client: Client) -> None:
    response = send(
        client, {"tags": ["a", "long"], "place": {"webSite": "javascript:alert(1)"}, "free": {"a": "\u0007"}}
    )

    assert set(response.json()["error"]["details"]) == {"tags.1", "place.webSite", "free"}


@pytest.mark.parametrize(
    "address",
    ["ftp://x.org", "//x.org", "https://", "https://a:b@x.org", "https://x.org/a b", "https://x.org:99999", "http://["],
)
def test_only_web_addresses_pass(client: Client, address: str) -> None:
    assert send(client, {"place": {"webSite": address}}).status_code == 400


def test_unknown_fields_are_ignored(client: Client) -> None:
    assert send(client, {"unknown": "\x00", "word": "red"}).json()["data"]["arrived"] == {"word": "red"}


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nonsense",
        b"[]",
        b'"text"',
        b"null",
        b"7",
        b"[" * 20_000,
        b"[" * 20_000 + b"]" * 20_000,
        b'{"free":' * 20_000 + b"1" + b"}" * 20_000,
        b'{"free":' + b'{"a":' * 40 + b"1" + b"}" * 41,
        b'{"number": NaN}',
        b'{"number": Infinity}',
        b'{"number": -Infinity}',
        b'{"number": 1e999}',
        b'{"number": ' + b"9" * 5000 + b"}",
        b'{"word": "red", "word": "green"}',
        b'{"word": "\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"a": "\n"}',
        b"\x00",
    ],
)
def test_what_is_no_json_object_is_refused(client: Client, raw: bytes) -> None:
    response = send(client, raw)

    assert response.status_code == 400, response.content
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"
    assert list(response.json()["error"]["details"]) == ["body"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ],
)
def test_other_media_types_are_refused(client: Client, content_type: str) -> None:
    response = send(client, b"word=red", content_type)

    assert response.status_code == 415
    assert response.json()["error"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_charset_of_utf_8_may_be_told(client: Client) -> None:
    assert send(client, b'{"word": "red"}', "application/json; charset=UTF-8").status_code == 201


def test_a_missing_body_is_an_empty_object(client: Client) -> None:
    assert send(client, b"").status_code == 201


def test_a_body_above_two_mebibytes_is_too_large(client: Client, settings) -> None:
    below = b'{"longText": "' + b"a" * (settings.MAX_BODY_BYTES - 20) + b'"}'

    assert send(client, below).status_code == 201
    response = send(client, below + b" " * 20)
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize("length", ["-1", "x", "1.5", "²"])
def test_a_length_that_is_no_number_is_refused(client: Client, length: str) -> None:
    response = client.post("/api/v1/test/echo", b"{}", content_type="application/json", CONTENT_LENGTH=length)

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("query", "arrives"),
    [
        ("pageNumber=7&isTrue=true&word=red&q=a", {"page_number": 7, "is_true": True, "word": "red", "q": "a"}),
        ("", {}),
        ("q=&unknown=1", {"q": ""}),
    ],
)
def test_query_parameters_are_read(client: Client, query: str, arrives: dict[str, Any]) -> None:
    assert client.get(f"/api/v1/test/query-echo?{query}").json()["data"]["arrived"] == arrives


@pytest.mark.parametrize(
    "query",
    ["pageNumber=0", "pageNumber=1.5", "pageNumber=x", "pageNumber=", "pageNumber=٣", "pageNumber=1e3", "isTrue=1",
     "isTrue=True", "word=blue", "word=", "q=%00", "q=" + "a" * 21],
)  # fmt: skip
def test_bad_query_parameters_are_refused_by_name(client: Client, query: str) -> None:
    response = client.get(f"/api/v1/test/query-echo?{query}")

    assert response.status_code == 400
    assert list(response.json()["error"]["details"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    ("body", "arrives"),
    [
        ({}, {}),
        ({"name": "x"}, {"name": "x"}),
        ({"place": None}, {"place": None}),
        ({"place": {"webSite": "https://x.org"}}, {"place": {"web_site": "https://x.org"}}),
    ],
)
def test_patch_holds_only_what_was_sent(client: Client, body: dict[str, Any], arrives: dict[str, Any]) -> None:
    response = client.patch("/api/v1/test/patch", json.dumps(body), content_type="application/json")

    assert response.json()["data"]["arrived"] == arrives


def test_an_object_inside_a_patch_has_to_be_whole(client: Client) -> None:
    response = client.patch("/api/v1/test/patch", b'{"place": {}}', content_type="application/json")

    assert response.status_code == 400
    assert list(response.json()["error"]["details"]) == ["place.webSite"]
