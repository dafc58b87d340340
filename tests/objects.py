"""Fetch what an address leads to, wherever objects are: MicDots answers for its own addresses, S3 for the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings
from django.test import Client

_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Fetched:
    status_code: int
    headers: Any  # a mapping whose names have no letter case
    content: bytes


def fetch(url: str, **headers: str) -> Fetched:
    """What somebody without credentials gets, redirects followed. ``Range="bytes=0-9"`` sends that header."""
    if url.startswith("/") or url.startswith(f"{settings.SITE_URL}/"):
        path = url.removeprefix(settings.SITE_URL)
        response = Client().get(path, headers=headers)
        if response.status_code in _REDIRECTS:
            return fetch(response["Location"], **headers)
        return Fetched(response.status_code, response.headers, response.getvalue())
    answer = requests.get(url, headers=headers, timeout=10)
    return Fetched(answer.status_code, answer.headers, answer.content)
