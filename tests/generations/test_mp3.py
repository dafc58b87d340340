"""One pass from samples to MP3: timing, loudness, peaks, waveform, tags."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.id3 import ID3
from mutagen.mp3 import MP3

from generations.audio.leveller import Leveller
from generations.audio.limiter import BLOCK, QUICK, SMOOTH, limit, true_peaks
from generations.audio.loudness import Meter, measure
from generations.audio.mp3 import Mp3Writer
from generations.audio.tags import Tags, retag
from tests.generations.sound import TAGS, decode, ebur128

RATE = 22_050


def noise(seconds: float, level: float = 0.1, rate: int = RATE, seed: int = 1) -> np.ndarray:
    """Something like speech: noise that swells four times a second, with little in its highest octave."""
    count = int(seconds * rate)
    swell = 0.5 + 0.5 * np.sin(np.arange(count) * 2 * np.pi * 4 / rate)
    return (
        (np.convolve(np.random.default_rng(seed).standard_normal(count), [0.5] * 4, "same") * swell * level)
        .clip(-1, 1)
        .astype(np.float32)
    )


def as_int16(samples: np.ndarray) -> np.ndarray:
    return (samples * 32767).astype(np.int16)


def write(pieces: list[np.ndarray], rate: int = RATE, gain_db: float = 0.0) -> tuple[Mp3Writer, bytes]:
    out = io.BytesIO()
    with Mp3Writer(out, sample_rate=rate, gain_db=gain_db, tags=TAGS) as writer:
        for piece in pieces:
            writer.write(piece)
        size = writer.finish()
    assert size == len(out.getvalue())
    return writer, out.getvalue()


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_every_sample_rate_keeps_its_time(rate):
    _writer, mp3 = write([as_int16(noise(7.3, rate=rate))], rate)
    samples, decoded_rate = decode(mp3)
    assert (len(samples), decoded_rate) == (int(7.3 * rate), rate)
    assert MP3(io.BytesIO(mp3)).info.length == pytest.approx(7.3, abs=0.001)
    assert MP3(io.BytesIO(mp3)).info.bitrate == pytest.approx(128_000, rel=0.01)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.floats(0.2, 9), st.sampled_from([0.0, 0.05, 0.3, 2.0])), min_size=1, max_size=12))
def test_pieces_from_two_encoders_join_without_a_trace(parts):
    """Clicks at the sentences' ends must be decoded at the sample where they were, however the sound was cut."""
    sound, clicks = [], []
    at = 0
    for number, (seconds, silence) in enumerate(parts):
        sentence = as_int16(noise(seconds, 0.02, seed=number))
        sentence[len(sentence) // 2] = 20_000
        clicks.append(at + len(sentence) // 2)
        sound += [sentence, np.zeros(int(silence * RATE), np.int16)]
        at += len(sentence) + len(sound[-1])
    _writer, mp3 = write(sound)
    samples, _rate = decode(mp3)
    assert len(samples) == at
    for click in clicks:
        around = np.abs(samples[max(click - 200, 0) : click + 200])
        assert abs(int(around.argmax()) - min(click, 200)) <= 1


def test_a_sound_without_any_pause_goes_through_one_encoder():
    _writer, mp3 = write([as_int16(noise(65.0))])
    samples, _rate = decode(mp3)
    assert len(samples) == 65 * RATE


@pytest.mark.parametrize("level", [0.01, 0.03, 0.3, 0.9])
@pytest.mark.parametrize("gain_db", [-6.0, 4.0, 20.0])
@pytest.mark.parametrize("seconds", [3.0, 12.0, 40.0])
def test_loudness_is_even_whatever_comes_in(level, gain_db, seconds):
    writer, mp3 = write([as_int16(noise(seconds, level))], gain_db=gain_db)
    loudness, peak = ebur128(*decode(mp3))
    assert loudness == pytest.approx(-16, abs=1.0)
    assert peak <= -1
    assert writer.loudness == pytest.approx(loudness, abs=0.3)


def test_a_text_that_grows_louder_or_softer_on_its_way_ends_even():
    for levels in ((0.05, 0.1), (0.1, 0.05)):
        _writer, mp3 = write([as_int16(noise(60, level)) for level in levels])
        loudness, peak = ebur128(*decode(mp3))
        assert loudness == pytest.approx(-16, abs=1.5)
        assert peak <= -1


@pytest.mark.parametrize("hertz", [60, 440, 3_000, 7_350, 9_000])
def test_peaks_between_samples_are_caught(hertz):
    tone = np.sin(2 * np.pi * hertz * (np.arange(RATE * 4) + 0.5) / RATE).astype(np.float32)
    clicks = np.zeros(RATE * 4, np.float32)
    clicks[:: RATE // 8] = 1.0
    for sound in (tone, clicks + tone * 0.2):
        _writer, mp3 = write([as_int16(sound * 0.99)])
        assert ebur128(*decode(mp3))[1] <= -1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 30), st.floats(0.2, 0.9), st.sampled_from([SMOOTH, QUICK]))
def test_the_limiter_never_lets_a_sample_pass(seed, level, ceiling, reach):
    sound = np.random.default_rng(seed).laplace(0, level * 0.1, BLOCK * 400).astype(np.float32)
    limited = limit(sound, ceiling, reach)
    assert np.abs(limited).max() <= ceiling * 1.0001
    assert true_peaks(limited).max() <= ceiling * 1.12  # its gain moves while the wave between two samples does
    assert np.all(np.sign(limited) == np.sign(sound))


def test_what_is_not_too_loud_is_not_touched():
    sound = noise(2, 0.05)[: BLOCK * 1000]
    assert limit(sound, 0.9) is sound


def test_our_meter_agrees_with_ffmpeg():
    for sound in (noise(10, 0.05), np.sin(np.arange(RATE * 5) * 2 * np.pi * 100 / RATE).astype(np.float32) * 0.1):
        assert measure(sound, RATE) == pytest.approx(ebur128(sound, RATE)[0], abs=0.15)
    gated = np.concatenate([noise(5, 0.1), np.zeros(RATE * 20, np.float32), noise(5, 0.001)])
    assert measure(gated, RATE) == pytest.approx(ebur128(gated, RATE)[0], abs=0.15)


def test_the_meter_does_not_mind_how_the_sound_is_cut():
    sound, meter = noise(8, 0.1), Meter(RATE)
    for start in range(0, len(sound), 977):
        meter.add(sound[start : start + 977])
    assert meter.integrated() == pytest.approx(measure(sound, RATE), abs=0.01)
    assert measure(sound[:100], RATE) is None
    assert measure(np.zeros(RATE * 3, np.float32), RATE) is None


def test_the_leveller_gives_back_every_sample():
    for size in (1, 700, RATE, RATE * 13):
        leveller = Leveller(RATE, 0.0)
        sound = as_int16(noise(27.7, 0.1))
        parts = [
            part for start in range(0, len(sound), size * 97) for part in leveller.add(sound[start : start + size * 97])
        ]
        assert sum(map(len, [*parts, *leveller.finish()])) == len(sound)


def test_the_file_says_what_it_is():
    _writer, mp3 = write([as_int16(noise(3))])
    tags = ID3(io.BytesIO(mp3))
    assert tags.version == (2, 3, 0)
    assert (tags["TIT2"].text[0], tags["TPE1"].text[0]) == ("A title", "English (Great Britain)")
    assert tags["COMM::XXX"].text == ["https://example.org/d/7KX3M9"]
    assert tags["TLAN"].text == ["eng"]
    assert tags["TXXX:SyntheticVoice"].text == ["true"]
    assert tags["TXXX:DigitalSourceType"].text[0].endswith("/algorithmicMedia")


def test_another_object_gets_its_own_tags_and_the_same_sound():
    _writer, mp3 = write([as_int16(noise(3))])
    target = io.BytesIO()
    size = retag(io.BytesIO(mp3), target, Tags("Ein anderer Titel: Übung 🎉", language="de", synthetic=False))
    copy = target.getvalue()
    assert size == len(copy)
    assert ID3(io.BytesIO(copy))["TIT2"].text == ["Ein anderer Titel: Übung 🎉"]
    assert not [key for key in ID3(io.BytesIO(copy)) if key.startswith(("TXXX", "COMM", "TPE1"))]
    assert np.array_equal(decode(copy)[0], decode(mp3)[0])
    again = io.BytesIO()
    retag(io.BytesIO(copy), again, TAGS)
    assert again.getvalue() == mp3


def test_a_file_that_ends_within_its_tags_is_not_copied():
    _writer, mp3 = write([as_int16(noise(1))])
    with pytest.raises(ValueError, match="within its tags"):
        retag(io.BytesIO(mp3[:50]), io.BytesIO(), TAGS)
