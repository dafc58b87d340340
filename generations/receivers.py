"""What generations does when a lower app tells it something, and what it lends to lower apps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from accounts.models import User
from generations import services
from generations.models import Dot, Generation, Voice
from uploads.ownership import OwnedObject


def erase_account(sender: Any, account: User, **kwargs: Any) -> None:
    services.erase_account(account=account)


class VoiceDirectory:
    """The voices, as far as an account's default voice is concerned."""

    def is_available(self, voice_id: str) -> bool:
        return Voice.objects.filter(key=voice_id, is_available=True).exists()

    def choices(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        voices = Voice.objects.filter(is_available=True).order_by("language", "label", "key")
        return [
            (language, [(voice.key, voice.label) for voice in group])
            for language, group in groupby(voices, key=lambda voice: voice.language)
        ]


def owned_objects() -> Iterator[OwnedObject]:
    """Every object that a row here names."""
    for row in Generation.objects.exclude(audio_key="").only("audio_key", "audio_bytes", "status").iterator():
        ready = row.status == Generation.Status.READY
        yield OwnedObject(row.audio_key, row.audio_bytes if ready else None, is_written=ready)
    for dot in Dot.objects.exclude(qr_png_key="").only("qr_png_key", "qr_svg_key", "qr_drawn_at").iterator():
        drawn = dot.qr_drawn_at is not None
        yield OwnedObject(dot.qr_png_key, is_written=drawn)
        yield OwnedObject(dot.qr_svg_key, is_written=drawn)
    for voice in Voice.objects.exclude(preview_key="").iterator():
        yield OwnedObject(voice.preview_key, voice.preview_bytes, is_written=voice.preview_recorded_at is not None)
