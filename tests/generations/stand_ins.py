"""An engine that does as a test says, and a store that refuses: for what the real ones do once in a blue moon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from generations.speech.base import SpeechRequest, Spoken, VoiceInfo
from generations.text import Sentence
from uploads.storage import ObjectInfo, store


class ToneEngine:
    """Hums a tenth of a second for each sentence.

    Attributes:
        before: called with the number of the sentence that comes next; whatever it raises, the engine raises.
        spoken: how many runs have begun.
    """

    name = "espeak"

    def __init__(self, before: Callable[[int], None] = lambda number: None) -> None:
        self.before = before
        self.spoken = 0

    def voices(self) -> list[VoiceInfo]:
        return []

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Takes everything."""

    def sample_rate(self, voice_name: str) -> int:
        return 22_050

    @contextmanager
    def speak(self, request: SpeechRequest) -> Iterator[Iterator[Spoken]]:
        self.spoken += 1
        yield self._pieces(request)

    def _pieces(self, request: SpeechRequest) -> Iterator[Spoken]:
        tone = (8_000 * np.sin(np.arange(2_205) * 2 * np.pi * 440 / 22_050)).astype("<i2").tobytes()
        for index, segment in enumerate(request.segments):
            if isinstance(segment, Sentence):
                self.before(index)
                yield Spoken(index, tone)
                yield Spoken(index, b"", last=True)


class StubbornStore:
    """The real store, but that ``put`` first does what a test says."""

    def __init__(self, before_put: Callable[[str], None]) -> None:
        self._real = store()
        self._before_put = before_put

    def put(self, key: str, body: bytes | BinaryIO, content_type: str) -> ObjectInfo:
        self._before_put(key)
        return self._real.put(key, body, content_type)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
