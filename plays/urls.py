"""The public addresses. In either letter case: the printed one is all capitals, and people type as they like."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from plays.views import events, media, pages, privacy

app_name = "plays"


def _dot_addresses(first: str, *, named: bool = False) -> list[URLPattern]:
    def name(text: str) -> str | None:
        return text if named else None

    return [
        path(f"{first}/<str:name>", pages.play_page, name=name("page")),
        path(f"{first}/<str:name>/", pages.play_page),
        path(f"{first}/<str:name>/audio.mp3", media.audio, name=name("audio")),
        path(f"{first}/<str:name>/captions.vtt", media.captions, name=name("captions")),
        path(f"{first}/<str:name>/events", events.take_event, name=name("events")),
        path(f"{first}/<str:name>/qr.<str:extension>", media.qr_picture, name=name("qr")),
    ]


def _printed_addresses(first: str) -> list[URLPattern]:
    is_printed: dict[str, Any] = {"is_printed": True}
    return [path(f"{first}/<str:name>{slash}", pages.play_page, is_printed) for slash in ("", "/")]


urlpatterns = [
    path("privacy", privacy.privacy, name="privacy"),
    *_dot_addresses("d", named=True),
    *_dot_addresses("D"),
    *_printed_addresses("Q"),
    *_printed_addresses("q"),
]
