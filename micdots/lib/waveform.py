"""The waveform that players draw: taken while samples stream by, drawn as one SVG path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST = 1000  # values
BARS = 96
WIDTH, HEIGHT = 4 * BARS, 40  # the drawing's own units


class Waveform:
    """Highest sample of each stretch. Stretches double whenever there are too many, so memory is bounded."""

    def __init__(self) -> None:
        self._stretch = 512  # samples
        self._peaks: list[int] = []
        self._rest = np.zeros(0, np.int16)

    def add(self, samples: NDArray[np.int16]) -> None:
        """Take samples, any number of them."""
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // self._stretch
        self._rest = samples[whole * self._stretch :].copy()
        # As int32: the lowest 16-bit sample has no positive twin.
        loudest = np.abs(samples[: whole * self._stretch].astype(np.int32)).reshape(whole, self._stretch).max(axis=1)
        self._peaks += loudest.tolist()
        while len(self._peaks) > MOST:
            self._double()

    def _double(self) -> None:
        if len(self._peaks) % 2:
            # The odd one waits with the rest; its samples are gone, one of its height stands for them.
            odd = np.full(self._stretch, min(self._peaks.pop(), 32767), np.int16)
            self._rest = np.concatenate([odd, self._rest])
        self._peaks = [max(pair) for pair in zip(self._peaks[::2], self._peaks[1::2], strict=True)]
        self._stretch *= 2

    def peaks(self) -> list[int]:
        """Return at most 1,000 values from 0 to 100, where 100 is the loudest; at least one if there were samples."""
        peaks = list(self._peaks)
        if len(self._rest) and (len(self._rest) * 2 >= self._stretch or not peaks):
            peaks.append(int(np.abs(self._rest.astype(np.int32)).max()))
        highest = max(peaks, default=0)
        return [round(100 * peak / highest) if highest else 0 for peak in peaks[:MOST]]


def wave_path(peaks: Sequence[int]) -> str:
    """The waveform as one SVG path of ``BARS`` upright bars, from peaks of 0 to 100; empty for none."""
    if not peaks:
        return ""
    # The mean of each stretch, not its highest: a voice's highest are all alike.
    heights = []
    for bar in range(BARS):
        first = bar * len(peaks) // BARS
        stretch = peaks[first : max(first + 1, (bar + 1) * len(peaks) // BARS)]
        heights.append(sum(stretch) / len(stretch))
    highest = max(heights) or 1
    middle = HEIGHT // 2
    halves = [max(1, round(height / highest * (middle - 2))) for height in heights]
    return "".join(f"M{bar * 4 + 2} {middle - half}v{2 * half}" for bar, half in enumerate(halves))
