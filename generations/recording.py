"""From a recording: whatever a phone, a browser or a studio has written becomes one MP3 like those that voices make.

Knows no rows, no storage, no accounts: ``pipeline.py`` puts those around it. The file is decoded twice or three times
instead of being kept decoded: three hours of samples would fill a disk.

1. It is listened to: how loud it is, and where the silence at its ends stops.
2. Where the limiter has to work, the gain that reaches the loudness in spite of it is found. (Most speech: its peaks
   stand higher above its loudness than −16 LUFS leave room for.)
3. It is encoded, without the silence, with one gain from beginning to end.
"""

from __future__ import annotations

import collections
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from generations.audio.decoding import DecoderStuck, DecodingError, decoded
from generations.audio.leveller import CEILING_DB, TARGET, Leveller
from generations.audio.limiter import QUICK, SMOOTH, Reach
from generations.audio.loudness import Meter, Samples
from generations.audio.mp3 import Mp3Writer
from generations.audio.tags import Tags
from generations.voicing import Made, Stopped

SAMPLE_RATE = 44_100  # Hz of every MP3 that comes from a recording
KEPT = 0.2  # seconds of silence that stay at both ends: the breath before a word, a room's echo behind it
PROGRESS_TOTAL = 1000  # what `on_progress` is told as the whole

_WINDOW = SAMPLE_RATE // 50  # samples: 20 ms
_FLOOR = -90  # dB; the softest level that is told from silence
_SILENT = -60  # dB; a recording that stays below this is silent
_SOFT = 30  # dB below the recording's loudness: what stays so soft at its ends is silence
_NORMAL_PEAK = 0.89  # −1 dBFS, to which samples are brought before they become integers
_BOOST_AT_MOST = 100.0  # 40 dB: beyond that there is nothing but noise
_TELL_EVERY = 0.5  # seconds between progress calls
# Gains in dB above the one that a limiter without any loss would need, tried side by side until −16 LUFS is reached.
# What needs more than the last has bangs far above the voice, and noise that need not be heard.
_TRIALS: tuple[tuple[Reach, tuple[float, float]], ...] = (
    (SMOOTH, (0.0, 2.0)),
    (SMOOTH, (5.0, 10.0)),
    (QUICK, (15.0, 20.0)),
)


class RecordingError(Exception):
    """The recording cannot be made into an MP3.

    Attributes:
        code: ``INVALID_AUDIO`` (no sound, or more than allowed), ``NO_SPEECH`` (silence only) or ``TIMEOUT``.
        permanent: False where the same again may go better.
    """

    def __init__(self, code: str, *, permanent: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent


def make_from_recording(
    source: BinaryIO,
    *,
    tags: Tags,
    out: BinaryIO,
    most_seconds: float,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Made:
    """Make one MP3 (128 kbps mono, −16 LUFS, at most −1 dBTP, tags) of a recording, without the silence at its ends.

    Args:
        source: a real, seekable file in any container that people and browsers write; what it says of itself (its
            duration, its type) is not believed.
        tags: written at the file's beginning.
        out: an empty seekable binary file; at its beginning again when done. Memory does not grow with the recording.
        most_seconds: of sound; a longer recording is refused.
        on_progress: called with parts done and parts in all, at least every second.
        should_stop: asked at least every second, right before ``on_progress``.

    Returns:
        What came out; ``cues`` is empty, for nobody knows the words yet.

    Raises:
        Stopped: ``should_stop`` said yes.
        RecordingError: see there.
        OSError: a file could not be read or written.
    """
    making = _Making(source, most_seconds, on_progress, should_stop)
    try:
        heard = making.listen()
        gain_db, reach = making.find_gain(heard)
        return making.encode(heard, gain_db, reach, tags, out)
    except DecoderStuck:
        raise RecordingError("TIMEOUT", permanent=False) from None
    except DecodingError as error:
        raise RecordingError("INVALID_AUDIO", permanent=error.permanent) from error


@dataclass(frozen=True)
class _Heard:
    """What listening to the whole has told."""

    samples: int
    start: int  # the first sample that is kept
    end: int  # behind the last one
    loudness: float  # LUFS, of the samples as they are scaled
    peak_db: float  # dBFS, the highest sample, scaled
    offset: float  # what all samples have in common, a direct current from the sound card; taken off them
    scale: float  # what brings the highest sample to −1 dBFS


class _Making:
    """One run: where it stands."""

    def __init__(
        self,
        source: BinaryIO,
        most_seconds: float,
        on_progress: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._source = source
        self._most_seconds = most_seconds
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._told_at = 0.0
        self._done = 0

    def listen(self) -> _Heard:
        """Find out how loud the recording is, and where its sound begins and ends."""
        size = max(os.fstat(self._source.fileno()).st_size, 1)
        meter, levels = Meter(SAMPLE_RATE), _Levels()
        lowest = highest = total = 0.0
        count = 0
        with decoded(self._source, sample_rate=SAMPLE_RATE, most_seconds=self._most_seconds) as pieces:
            for piece in pieces:
                if len(piece):
                    meter.add(piece)
                    levels.add(piece)
                    lowest, highest = min(lowest, float(piece.min())), max(highest, float(piece.max()))
                    total += float(piece.sum(dtype=np.float64))
                    count += len(piece)
                # The decoder reads through the same open file, so its position is ours.
                self._tell(0.3 * min(os.lseek(self._source.fileno(), 0, os.SEEK_CUR) / size, 1.0))
        if levels.loudest < _SILENT:
            raise RecordingError("NO_SPEECH")
        loudness = meter.integrated()
        if loudness is None:  # too short for the standard's blocks
            loudness = float(levels.loudest)
        first, last = levels.reach(max(_SILENT, round(loudness) - _SOFT))
        kept = round(KEPT * SAMPLE_RATE)
        offset = total / count
        peak = max(highest - offset, offset - lowest)
        scale = min(_NORMAL_PEAK / peak, _BOOST_AT_MOST)
        scale_db = 20 * float(np.log10(scale))
        return _Heard(
            samples=count,
            start=max(first * _WINDOW - kept, 0),
            end=min((last + 1) * _WINDOW + kept, count),
            loudness=loudness + scale_db,
            peak_db=20 * float(np.log10(peak)) + scale_db,
            offset=offset,
            scale=scale,
        )

    def find_gain(self, heard: _Heard) -> tuple[float, Reach]:
        """Return the gain in dB that brings the recording to −16 LUFS, the limiter's loss included."""
        plain = TARGET - heard.loudness
        # A peak between two samples may stand a little higher than both: see the limiter.
        if heard.peak_db + plain < CEILING_DB - 4.0:
            return plain, SMOOTH
        gains: list[float] = []
        reached: list[float] = []  # LUFS, by these gains
        for number, (reach, extra) in enumerate(_TRIALS):
            trials = [Leveller(SAMPLE_RATE, plain + more, steady=reach) for more in extra]
            for piece in self._sound(heard, 0.3 + 0.1 * number, 0.1):
                for trial in trials:
                    collections.deque(trial.add(piece), maxlen=0)
            for trial in trials:
                collections.deque(trial.finish(), maxlen=0)
                if (loudness := trial.meter.integrated()) is None:
                    return plain, SMOOTH  # too short for the standard's blocks
                gains.append(trial.gain_db)
                reached.append(loudness)
            if reached[-1] >= TARGET:
                break
        # Of what was reached by less, the most: more gain may be less loud where it brings a soft voice into account.
        return float(np.interp(TARGET, np.maximum.accumulate(reached), gains)), reach

    def encode(self, heard: _Heard, gain_db: float, reach: Reach, tags: Tags, out: BinaryIO) -> Made:
        """Write the MP3."""
        with Mp3Writer(out, sample_rate=SAMPLE_RATE, gain_db=gain_db, tags=tags, steady=reach) as writer:
            for piece in self._sound(heard, 0.6, 0.4):
                writer.write(piece)
            size = writer.finish()
        self._tell(1.0, now=True)
        return Made(
            duration_seconds=writer.samples / SAMPLE_RATE,
            size=size,
            peaks=writer.waveform.peaks(),
            cues=[],
            loudness=writer.loudness,
        )

    def _sound(self, heard: _Heard, begin: float, share: float) -> Iterator[NDArray[np.int16]]:
        """Decode once more and yield what is kept, scaled; progress goes from ``begin`` on by ``share``."""
        at = 0
        with decoded(self._source, sample_rate=SAMPLE_RATE, most_seconds=self._most_seconds) as pieces:
            for piece in pieces:
                wanted = piece[max(heard.start - at, 0) : max(heard.end - at, 0)]
                at += len(piece)
                if len(wanted):
                    scaled = (wanted - np.float32(heard.offset)) * np.float32(heard.scale * 32767)
                    yield np.rint(scaled).astype(np.int16)
                self._tell(begin + share * min(at / heard.samples, 1.0))

    def _tell(self, done: float, *, now: bool = False) -> None:
        """Ask whether to stop and report progress, if that is due. The bar never goes back."""
        if not now and time.monotonic() - self._told_at < _TELL_EVERY:
            return
        if self._should_stop():
            raise Stopped
        self._done = max(self._done, int(done * PROGRESS_TOTAL))
        self._on_progress(self._done, PROGRESS_TOTAL)
        self._told_at = time.monotonic()


class _Levels:
    """How loud each 20 ms are, told from each other by whole decibels; remembers where each level came first and last.

    A level counts where it lasts for two windows: a click is no sound. What a window's samples have in common (a direct
    current from the sound card) is none either.
    """

    def __init__(self) -> None:
        levels = -_FLOOR + 1
        self._first = np.full(levels, -1)
        self._last = np.full(levels, -1)
        self._rest = np.zeros(0, np.float32)
        self._before = _FLOOR  # the level of the window before
        self._windows = 0

    @property
    def loudest(self) -> int:
        """dB; the floor where there was nothing."""
        heard = np.flatnonzero(self._first >= 0)
        return int(heard[-1]) + _FLOOR if len(heard) else _FLOOR

    def add(self, samples: Samples) -> None:
        """Take samples, any number of them."""
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // _WINDOW
        self._rest = samples[whole * _WINDOW :].copy()
        if not whole:
            return
        deviation = samples[: whole * _WINDOW].reshape(whole, _WINDOW).std(axis=1)
        decibels = 20 * np.log10(np.maximum(deviation, 1e-6))
        levels = np.clip(np.floor(decibels), _FLOOR, 0).astype(int)
        lasting = np.minimum(levels, np.concatenate([[self._before], levels[:-1]])) - _FLOOR
        self._before = int(levels[-1])
        for level in range(1, int(lasting.max()) + 1):
            at = np.flatnonzero(lasting >= level) + self._windows
            if self._first[level] < 0:
                self._first[level] = max(at[0] - 1, 0)  # it began in the window before
            self._last[level] = at[-1]
        self._windows += whole

    def reach(self, level: int) -> tuple[int, int]:
        """Return the first and the last window that are at least so loud, in dB; such a window must have been there."""
        return int(self._first[level - _FLOOR]), int(self._last[level - _FLOOR])
