"""A look-ahead peak limiter that costs almost nothing where nothing is loud.

Gains are found for blocks of 32 samples: the lowest gain that any block nearby needs, averaged over the same distance.
So the gain has come down before a peak arrives, rises slowly behind it, and is never higher than the peak itself
allows. Peaks are those between the samples too (BS.1770-4, annex 2: four times oversampled), looked for only where the
samples come near the ceiling.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from generations.audio.loudness import Samples

BLOCK = 32  # samples


class Reach(NamedTuple):
    """How far around a peak the gain is low, in blocks."""

    ahead: int
    behind: int


# At 22,050 Hz: 6 ms and 23 ms, which spans a deep voice's pitch and is not heard; and for sound that is all peaks and
# would stay too quiet otherwise, 3 ms and 6 ms.
SMOOTH, QUICK = Reach(4, 16), Reach(2, 4)
CONTEXT = (sum(SMOOTH) + 2) * BLOCK  # samples on each side of a stretch that its gains depend on

# A peak between samples stands at most this far above its neighbours in speech (fricatives reach 3 dB).
_NEAR = 10 ** (-4.0 / 20)
_TAPS = 8  # samples on each side of a point between them
# Blocks that are oversampled in one matrix product. Larger products wake up the linear algebra library's threads,
# which then wait busily on processors that the encoders need.
_BATCH = 32


def _oversampler() -> Samples:
    """Return the matrix that turns a block, with ``_TAPS`` samples on each side, into the 3 × BLOCK points between."""
    reach = np.arange(-_TAPS, BLOCK + _TAPS)
    points = np.concatenate([np.arange(BLOCK) + phase / 4 for phase in (1, 2, 3)])
    distance = reach[:, None] - points[None, :]
    window = np.where(np.abs(distance) <= _TAPS, np.cos(np.pi * distance / (2 * _TAPS)) ** 2, 0.0)
    return np.asarray(np.sinc(distance) * window, dtype=np.float32)


_OVERSAMPLER = _oversampler()


def true_peaks(samples: Samples, near: float = 0.0) -> Samples:
    """Return the true peak of each whole block; blocks that stay below ``near`` get their sample peak."""
    blocks = len(samples) // BLOCK
    # Turned over first: NumPy finds the largest of many short rows at half the speed.
    peaks = np.abs(samples[: blocks * BLOCK]).reshape(blocks, BLOCK).T.copy().max(axis=0)
    loud = np.flatnonzero(peaks >= near)
    if len(loud):
        windows = sliding_window_view(np.pad(samples, (_TAPS, _TAPS)), BLOCK + 2 * _TAPS)
        chosen = windows[np.resize(loud, -(-len(loud) // _BATCH) * _BATCH) * BLOCK]
        between = np.abs(chosen.reshape(-1, _BATCH, BLOCK + 2 * _TAPS) @ _OVERSAMPLER).max(axis=2)
        peaks[loud] = np.maximum(peaks[loud], between.reshape(-1)[: len(loud)])
    return np.asarray(peaks, dtype=np.float32)


def limit(samples: Samples, ceiling: float, reach: Reach = SMOOTH) -> Samples:
    """Return ``samples`` with no true peak above ``ceiling`` (full scale is 1.0).

    Stateless: to limit a stream stretch by stretch, hand over ``CONTEXT`` samples more on each side and throw away what
    comes of them. The length must be a multiple of ``BLOCK``. Where nothing is too loud the same array comes back.
    """
    peaks = true_peaks(samples, ceiling * _NEAR)
    if not len(peaks) or peaks.max() <= ceiling:
        return samples
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    # One block more on each side, because the gain within a block is drawn from its neighbours' too.
    lowest = _sliding_min(needed, reach.behind + 1, reach.ahead + 1)
    width = reach.ahead + reach.behind + 1
    sums = np.cumsum(np.pad(lowest, (reach.ahead + 1, reach.behind), mode="edge"), dtype=np.float64)
    gains = ((sums[width:] - sums[:-width]) / width).astype(np.float32)
    return samples * _between_blocks(gains)


def _sliding_min(values: Samples, before: int, after: int) -> Samples:
    """Return the least of each value, ``before`` ones in front of it and ``after`` ones behind it (outside: 1.0)."""
    width = before + after + 1
    lowest = np.pad(values, (before, after), constant_values=1.0)
    covered = 1
    while covered < width:  # each round covers twice as many, the last one overlaps
        step = min(covered, width - covered)
        lowest = np.minimum(lowest[:-step], lowest[step:])
        covered += step
    return lowest


def _between_blocks(gains: Samples) -> Samples:
    """Return a gain for every sample: straight lines from the middle of each block to the next one's."""
    edges = np.pad(gains, 1, mode="edge")
    middles = (edges[:-1] + edges[1:]) / 2  # at the blocks' borders
    left, right = middles[:-1, None], middles[1:, None]
    slope = ((np.arange(BLOCK, dtype=np.float32) + 0.5) / BLOCK)[None, :]
    return np.asarray((left + (right - left) * slope).reshape(-1), dtype=np.float32)
