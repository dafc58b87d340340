"""Signed addresses, asked as a client asks them: the test's own site without a server, a storage over HTTP."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.test import Client


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def get(url: str) -> Answer:
    return _ask("GET", url)


def put(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """PUT with exactly these headers, as ``requiredHeaders`` has them."""
    return _ask("PUT", url, body, headers or {})


def name_header_of(url: str) -> str:
    """The ``Content-Disposition`` that the address answers with; S3's addresses name it, and moto passes over it."""
    asked = parse_qs(urlsplit(url).query).get("response-content-disposition")
    return asked[0] if asked else get(url).headers["Content-Disposition"]


def _ask(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    parts = urlsplit(url)
    place = f"{parts.path}?{parts.query}"
    sent = {name: value for name, value in (headers or {}).items() if name.lower() != "content-length"}
    if parts.netloc == "testserver":
        content_type = sent.pop("Content-Type", "")
        response = Client().generic(method, place, body, content_type=content_type, headers=sent)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        return Answer(response.status_code, response.headers, content)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request(method, place, body, sent)
    found = connection.getresponse()
    answer = Answer(found.status, found.headers, found.read())
    connection.close()
    return answer
