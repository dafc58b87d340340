"""The waveform: taken from samples, drawn as bars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micdots.lib.waveform import BARS, Waveform, wave_path


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=30))
def test_a_waveform_has_a_bounded_count_and_its_loudest_is_100(sizes):
    waveform = Waveform()
    for number, size in enumerate(sizes):
        waveform.add(np.full(size, -32768 if number == 0 else 100, np.int16))
    peaks = waveform.peaks()
    assert 1 <= len(peaks) <= 1000
    assert peaks[0] == max(peaks) == 100
    assert min(peaks) >= 0


@pytest.mark.parametrize("count", [1, 7, BARS, 1000])
def test_a_waveform_has_the_same_number_of_bars_whatever_the_length(count):
    path = wave_path([50] * count)

    assert path.count("M") == BARS
    assert path.startswith("M2 2v36")


def test_silence_is_a_line_and_nothing_is_nothing():
    assert wave_path([0, 0, 0]).startswith("M2 19v2")
    assert wave_path([]) == ""
