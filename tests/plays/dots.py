"""Dots that can be heard, without speaking them: rows with captions, and no object in the storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from generations.captions import spread, to_vtt
from generations.models import Dot, Generation
from tests.factories import make_dot, make_generation, make_voice

TEXT = "Hello there. This is a dot."


def make_live_dot(
    *, owner: User, languages: Sequence[str] = ("en-GB",), text: str = TEXT, seconds: float = 3.375, **fields: Any
) -> Dot:
    """A dot with a ready rendition in each language; the first is its own."""
    dot = make_dot(owner=owner, **fields)
    for language in languages:
        make_generation(
            owner=owner,
            dot=dot,
            text=text,
            voice=make_voice(key=f"espeak:{language.lower()}", label=language, language=language),
            status=Generation.Status.READY,
            language=language,
            captions=to_vtt(spread(text, language, seconds)),
            duration_ms=round(seconds * 1000),
            peaks=[10, 80, 100, 40, 0, 60],
            audio_key=f"audio/2026/11/{dot.public_id}.mp3",
        )
    dot.refresh_from_db()
    return dot
