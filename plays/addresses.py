"""The public addresses of a dot's parts, as its page and the API name them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from generations.models import Dot


def page_address(dot: Dot, **query: str) -> str:
    return _with(reverse("plays:page", args=[dot.code]), query)


def audio_address(dot: Dot, language: str, **query: str) -> str:
    """Of the audio, never of the object in the storage: that address changes and expires, this one stays."""
    return _with(reverse("plays:audio", args=[dot.code]), {"language": language, **query})


def captions_address(dot: Dot, language: str, **query: str) -> str:
    return _with(reverse("plays:captions", args=[dot.code]), {"language": language, **query})


def events_address(dot: Dot, **query: str) -> str:
    return _with(reverse("plays:events", args=[dot.code]), query)


def _with(path: str, query: dict[str, str]) -> str:
    present = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(present)}" if present else path
