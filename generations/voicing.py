"""The making of a voice: text segments in, one MP3 with captions and waveform out.

Knows no rows, no storage, no accounts: ``pipeline.py`` puts those around it.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from generations.audio.leveller import Leveller
from generations.audio.mp3 import Mp3Writer
from generations.audio.tags import Tags
from generations.captions import CUE_CHARACTERS, Cue, SpokenSentence, cues_for
from generations.speech.base import ENGINE_UNAVAILABLE, NO_SPEECH, Engine, EngineError, SpeechRequest, Spoken
from generations.text import Pause, Sentence, split

SENTENCE_PAUSE = 0.3  # seconds at speed 1, after every sentence
_HEARD = 33  # a sample above this (a thousandth of full scale) is heard
_TELL_EVERY = 0.5  # seconds between progress calls


class Stopped(Exception):
    """``should_stop`` said yes. Every process and thread has ended; what was written so far is of no use."""


@dataclass(frozen=True)
class Made:
    """What came out."""

    duration_seconds: float  # counted samples, not an estimate
    size: int  # bytes
    peaks: list[int]  # the waveform: at most 1,000 values, 0 to 100
    cues: list[Cue]
    loudness: float | None  # LUFS as measured while encoding; None where too short to measure


def make_voice(
    engine: Engine,
    request: SpeechRequest,
    *,
    gain_db: float,
    tags: Tags,
    out: BinaryIO,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Made:
    """Speak ``request`` into one MP3 (128 kbps mono, −16 LUFS, at most −1 dBTP, tags).

    Args:
        engine: who speaks.
        request: what to speak; its pauses are written as silence.
        gain_db: the voice's gain as ``measure_gain`` found it: where to begin. The text's own loudness corrects it.
        tags: written at the file's beginning.
        out: an empty seekable binary file; at its beginning again when done. Memory does not grow with the text.
        on_progress: called with sentences done and sentences in all, at least every second.
        should_stop: asked at least every second, right before ``on_progress``.

    Raises:
        Stopped: ``should_stop`` said yes.
        EngineError: the engine failed, or nothing was heard (``NO_SPEECH``).
        OSError: ``out`` could not be written.
    """
    rate = engine.sample_rate(request.voice_name)
    with Mp3Writer(out, sample_rate=rate, gain_db=gain_db, tags=tags) as writer:
        making = _Making(request, writer, on_progress, should_stop)
        with engine.speak(request) as pieces:
            making.run(pieces)
        if not making.heard:
            raise EngineError(NO_SPEECH, permanent=True)
        making.tell(now=True)
        size = writer.finish()
    duration = writer.samples / rate
    return Made(
        duration_seconds=duration,
        size=size,
        peaks=writer.waveform.peaks(),
        cues=cues_for(making.spoken, duration=duration, paused=making.paused),
        loudness=writer.loudness,
    )


def measure_gain(engine: Engine, voice_name: str, text: str, language: str) -> float:
    """Return the gain in dB that brings a voice to −16 LUFS, the limiter's loss included.

    Args:
        engine: who speaks.
        voice_name: ``VoiceInfo.name``.
        text: up to ten seconds of ordinary sentences in the voice's language, see ``previews.preview_text``.
        language: BCP 47.

    Raises:
        EngineError: the engine failed, or nothing was heard (``NO_SPEECH``).
    """
    leveller = Leveller(engine.sample_rate(voice_name), gain_db=0.0)
    request = SpeechRequest(segments=split(text, language), voice_name=voice_name)
    heard = False
    with engine.speak(request) as pieces:
        for piece in pieces:
            samples = np.frombuffer(piece.pcm, "<i2")
            heard = heard or _is_heard(samples)
            collections.deque(leveller.add(samples), maxlen=0)
    collections.deque(leveller.finish(), maxlen=0)
    if not heard:
        raise EngineError(NO_SPEECH, permanent=True)
    return round(leveller.gain_db, 2)


class _Making:
    """One run: where it stands, and what was heard so far."""

    def __init__(
        self,
        request: SpeechRequest,
        writer: Mp3Writer,
        on_progress: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self.spoken: list[SpokenSentence] = []
        self.paused = 0.0  # seconds
        self.heard = False
        self._request = request
        self._writer = writer
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._total = sum(isinstance(segment, Sentence) for segment in request.segments)
        self._told_at = 0.0

    def run(self, pieces: Iterator[Spoken]) -> None:
        """Write all segments: pauses as silence, sentences as they come."""
        self.tell(now=True)
        for index, segment in enumerate(self._request.segments):
            if isinstance(segment, Pause):
                self.paused += self._writer.silence(segment.seconds)
            else:
                self._sentence(index, segment, pieces)
                if len(self.spoken) < self._total:
                    self._writer.silence(SENTENCE_PAUSE / self._request.speed)
            self.tell()

    def _sentence(self, index: int, sentence: Sentence, pieces: Iterator[Spoken]) -> None:
        rate = self._writer.sample_rate
        begin = self._writer.samples
        marks: list[tuple[int, float]] = []
        for piece in pieces:
            if piece.segment != index:
                raise EngineError(ENGINE_UNAVAILABLE)  # an engine that loses its place would lose text
            # Only sentences that are cut into several cues need to know when their words are heard.
            if len(sentence.text) > CUE_CHARACTERS:
                marks += [(mark.offset, (begin + mark.sample) / rate) for mark in piece.marks]
            samples = np.frombuffer(piece.pcm, "<i2")
            self.heard = self.heard or _is_heard(samples)
            self._writer.write(samples)
            self.tell()
            if piece.last:
                self.spoken.append(SpokenSentence(sentence, begin / rate, self._writer.samples / rate, marks))
                return
        raise EngineError(ENGINE_UNAVAILABLE)  # it ended before the text did

    def tell(self, *, now: bool = False) -> None:
        """Ask whether to stop and report progress, if that is due."""
        if not now and time.monotonic() - self._told_at < _TELL_EVERY:
            return
        if self._should_stop():
            raise Stopped
        self._on_progress(len(self.spoken), self._total)
        self._told_at = time.monotonic()


def _is_heard(samples: NDArray[np.int16]) -> bool:
    return bool(len(samples)) and (int(samples.max()) > _HEARD or int(samples.min()) < -_HEARD)
