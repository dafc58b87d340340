"""What accounts need to know from apps above them, which put it here when they start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class VoiceDirectory(Protocol):
    """The voices of the installation, as far as an account's default voice is concerned."""

    def is_available(self, voice_id: str) -> bool:
        """Whether there is such a voice (``engine:name``), for new generations, today."""

    def choices(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        """For a form: (language, [(voice id, label), …]), in the order to show them."""


class _NoVoices:
    def is_available(self, voice_id: str) -> bool:
        return False

    def choices(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        return ()


_voices: VoiceDirectory = _NoVoices()


def register_voices(directory: VoiceDirectory) -> None:
    """Say who knows the voices; called once, in an ``AppConfig.ready``."""
    global _voices
    _voices = directory


def voices() -> VoiceDirectory:
    return _voices
