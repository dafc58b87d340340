"""Loudness as ITU-R BS.1770-4 / EBU R 128 define it, measured while samples stream by.

The standard's K-weighting is a filter in time. Here each 100 ms is weighted by the filter's response over its spectrum
instead, which gives the same energy to within some hundredths of a decibel and is a few array operations. `ebur128` in
the tests holds it to that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

ABSOLUTE_GATE = -70.0  # LUFS
RELATIVE_GATE = -10.0  # LU below the mean of what passes the absolute gate
SHORTEST = 0.4  # seconds: one gating block

# BS.1770-4, tables 1 and 2: the two stages of the K-weighting at 48 kHz.
_SHELF_B = (1.53512485958697, -2.69169618940638, 1.19839281085285)
_SHELF_A = (1.0, -1.69065929318241, 0.73248077421585)
_HIGH_PASS_B = (1.0, -2.0, 1.0)
_HIGH_PASS_A = (1.0, -1.99004745483398, 0.99007225036621)

_BIN = 0.1  # LU, the resolution of the histogram that keeps memory the same however long the audio is


def _k_weights(sample_rate: int, length: int) -> NDArray[np.float32]:
    """Return what each value of ``|rfft|²`` of ``length`` samples counts in their mean square."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(length, 1 / sample_rate) / 48_000)

    def response(b: tuple[float, float, float], a: tuple[float, float, float]) -> NDArray[np.complex128]:
        numerator: NDArray[np.complex128] = b[0] + b[1] * z + b[2] * z * z
        return numerator / (a[0] + a[1] * z + a[2] * z * z)

    power = np.abs(response(_SHELF_B, _SHELF_A) * response(_HIGH_PASS_B, _HIGH_PASS_A)) ** 2
    # Parseval: the spectrum of real samples has each frequency but the first (and, of an even length, the last) twice.
    power[1 : -1 if length % 2 == 0 else None] *= 2
    return np.asarray(power / length**2, dtype=np.float32)


def to_lufs(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the loudness of weighted mean squares (full scale is 1.0)."""
    return -0.691 + 10 * np.log10(np.maximum(energy, 1e-12))


class Meter:
    """Integrated loudness of a mono stream."""

    def __init__(self, sample_rate: int) -> None:
        self._hop = sample_rate // 10
        self._weights = _k_weights(sample_rate, self._hop)
        self._rest = np.zeros(0, np.float32)
        self._recent = np.zeros(0, np.float64)  # energies of the last three hops: blocks overlap by 75 %
        bins = int((10 - ABSOLUTE_GATE) / _BIN)
        self._counts = np.zeros(bins)
        self._energies = np.zeros(bins)

    def add(self, samples: Samples) -> float | None:
        """Take any number of samples (full scale is 1.0); return the loudness of these alone, as ``integrated``."""
        samples = np.concatenate([self._rest, samples])
        hops = len(samples) // self._hop
        self._rest = samples[hops * self._hop :].copy()
        spectra = np.fft.rfft(samples[: hops * self._hop].reshape(hops, self._hop), axis=1)
        # Not a matrix product: that would wake up threads (see limiter.py).
        new = ((spectra.real**2 + spectra.imag**2) * self._weights).sum(axis=1)
        energy = np.concatenate([self._recent, new.astype(np.float64)])
        self._recent = energy[-3:]
        if len(energy) < 4:
            return None
        blocks = np.convolve(energy, np.full(4, 0.25), mode="valid")
        loudness = to_lufs(blocks)
        blocks, loudness = blocks[loudness > ABSOLUTE_GATE], loudness[loudness > ABSOLUTE_GATE]
        index = np.minimum(((loudness - ABSOLUTE_GATE) / _BIN).astype(int), len(self._counts) - 1)
        counts = np.bincount(index, minlength=len(self._counts)).astype(np.float64)
        energies = np.bincount(index, blocks, minlength=len(self._counts)).astype(np.float64)
        self._counts += counts
        self._energies += energies
        return _gated(counts, energies)

    def integrated(self) -> float | None:
        """Return LUFS of all so far; None while there is less than 0.4 s, or nothing but silence."""
        return _gated(self._counts, self._energies)


def _gated(counts: NDArray[np.float64], energies: NDArray[np.float64]) -> float | None:
    total = counts.sum()
    if not total:
        return None
    gate = float(to_lufs(energies.sum() / total)) + RELATIVE_GATE
    first = max(int(np.ceil((gate - ABSOLUTE_GATE) / _BIN)), 0)
    return float(to_lufs(energies[first:].sum() / counts[first:].sum()))


def measure(samples: Samples, sample_rate: int) -> float | None:
    """Return the integrated loudness of some seconds in LUFS; None where they are too short or silent."""
    return Meter(sample_rate).add(samples)
