"""Even loudness in one pass: gain, limiter, and a slow hand on the gain.

A voice's gain is measured once, but what it says matters as much: a list of numbers is louder than prose, and a text in
another script is spelled. So the first seconds are kept back and levelled together (a short text is exact), and from
there the gain follows what has been heard lately, in steps too slow to notice.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from generations.audio.limiter import BLOCK, CONTEXT, QUICK, SMOOTH, Reach, limit
from generations.audio.loudness import SHORTEST, Meter, Samples, measure

TARGET = -16.0  # LUFS
# Highest true peak before encoding. The MP3 must stay below -1 dBTP, and LAME adds up to 1 dB to hard transients
# (deep voices in which every pulse is a click).
CEILING_DB = -3.0
_CEILING = 10 ** (CEILING_DB / 20)

_FIRST = 10.0  # seconds that are levelled together
_NEXT = 5.0  # seconds that are levelled at a time afterwards
_RECENT = 4  # stretches of _NEXT seconds whose loudness steers the gain
_STEP = 1.0  # dB that the gain moves in a stretch at most
_ROUNDS = 8  # tries to find the first seconds' gain
_GOOD = 0.3  # LU from the target
_TOO_QUIET = 1.0  # LU below the target: the limiter eats what the gain adds
_GAIN_MIN, _GAIN_MAX = -24.0, 36.0  # dB


def _factor(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))


class Leveller:
    """Takes 16-bit samples as they come, gives them back level. Holds some ten seconds at most."""

    def __init__(self, sample_rate: int, gain_db: float, *, scale: float = 1.0, steady: Reach | None = None) -> None:
        """Begin a stream.

        Args:
            sample_rate: Hz, a multiple of 10.
            gain_db: where to begin; what the voice needs on the average.
            scale: what the level samples are multiplied with on their way out, for an encoder that turns everything
                down.
            steady: keep to ``gain_db`` from beginning to end, with a limiter of this reach.
        """
        self.gain_db = gain_db
        self.meter = Meter(sample_rate)  # of what came out
        self._rate = sample_rate
        self._full_scale = np.float32(32767 * scale)
        self._steady = steady is not None
        self._first = not self._steady
        self._held: list[NDArray[np.int16]] = []
        self._held_samples = 0
        self._before = np.zeros(CONTEXT, np.float32)  # the end of the last stretch, gain applied, not limited
        self._reach = steady or SMOOTH
        self._latest: list[float] = []  # loudness of the last stretches

    def add(self, samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
        """Take samples; yield what is ready."""
        self._held.append(samples)
        self._held_samples += len(samples)
        while self._held_samples >= self._stretch() + CONTEXT:
            yield self._level(self._stretch())

    def finish(self) -> Iterator[NDArray[np.int16]]:
        """Yield the rest."""
        if self._held_samples:
            yield self._level(self._held_samples)

    def _stretch(self) -> int:
        return int((_FIRST if self._first else _NEXT) * self._rate)

    def _level(self, length: int) -> NDArray[np.int16]:
        """Level the first ``length`` samples of what is held; as many behind them as the limiter looks ahead."""
        held = np.concatenate(self._held)
        raw = held[: length + CONTEXT].astype(np.float32) / np.float32(32768)
        rest = held[length:]
        self._held, self._held_samples = [rest], len(rest)
        if self._first:
            level, applied = self._level_first(raw, length)
        elif self._steady:
            level, applied = self._limited(raw, length, self.gain_db, self.gain_db)
        else:
            level, applied = self._limited(raw, length, self.gain_db, self._steered())
        self._first = False
        self._before = np.concatenate([self._before, applied[:length]])[-CONTEXT:]
        if (loudness := self.meter.add(level)) is not None:
            self._latest = [*self._latest, loudness][-_RECENT:]
        return np.rint(level * self._full_scale).astype(np.int16)

    def _level_first(self, raw: Samples, length: int) -> tuple[Samples, Samples]:
        """Find the gain that these seconds need, the limiter's loss included, and the limiter that reaches the target.

        More gain is never less loud, so once one try was too loud and one too quiet, the right one lies between them.
        """
        begin = self.gain_db
        if length < SHORTEST * self._rate:
            return self._limited(raw, length, begin, begin)
        for self._reach in (SMOOTH, QUICK):
            gain, too_quiet, too_loud = begin, _GAIN_MIN, _GAIN_MAX
            for _round in range(_ROUNDS):
                level, applied = self._limited(raw, length, gain, gain)
                loudness = measure(level, self._rate)
                if loudness is None or abs(loudness - TARGET) < _GOOD:
                    return level, applied
                if loudness < TARGET:
                    too_quiet = gain
                else:
                    too_loud = gain
                if too_quiet > _GAIN_MIN and too_loud < _GAIN_MAX:
                    gain = (too_quiet + too_loud) / 2
                else:
                    # Where much is limited a decibel of gain adds less than one of loudness, hence twice the step.
                    gain = _bounded(gain + (2 * (TARGET - loudness) if _round else TARGET - loudness))
            if loudness is not None and loudness > TARGET - _TOO_QUIET:
                break
        return level, applied

    def _steered(self) -> float:
        """Return the gain to arrive at, from the loudness of the last seconds and of everything so far."""
        heard = [*self._latest]
        if (whole := self.meter.integrated()) is not None:
            heard.append(whole)
        if not heard:
            return self.gain_db
        off = TARGET - sum(heard) / len(heard)
        if off > _TOO_QUIET:
            self._reach = QUICK
        return _bounded(self.gain_db + max(-_STEP, min(_STEP, off / 2)))

    def _limited(self, raw: Samples, length: int, gain_db: float, gain_to_db: float) -> tuple[Samples, Samples]:
        """Return ``length`` samples limited, and all of ``raw`` with the gain alone."""
        applied = raw * _factor(gain_db)
        if gain_to_db != gain_db:
            ramp = np.linspace(_factor(gain_db), _factor(gain_to_db), min(self._rate, length), dtype=np.float32)
            applied = raw * _factor(gain_to_db)
            applied[: len(ramp)] = raw[: len(ramp)] * ramp
        self.gain_db = gain_to_db
        whole = np.concatenate([self._before, applied])
        whole = np.pad(whole, (0, -len(whole) % BLOCK + CONTEXT))
        return limit(whole, _CEILING, self._reach)[CONTEXT : CONTEXT + length], applied


def _bounded(gain_db: float) -> float:
    return max(_GAIN_MIN, min(_GAIN_MAX, gain_db))
