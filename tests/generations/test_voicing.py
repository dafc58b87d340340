"""The whole way from text to MP3, with the real engine."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from generations.speech.base import EngineError, SpeechRequest, Spoken
from generations.speech.espeak import Espeak
from generations.text import split
from generations.voicing import Stopped, make_voice
from tests.generations.sound import TAGS, decode, ebur128, voice_of
from tests.generations.test_speech_child import children

PROSE = "The museum opens at nine. Please leave your bags at the entrance, and do not touch the paintings! Is that so? "
NUMBERS = "1984. 3.14159 and 42. 1,000,000 people, 17 of 99. Call 112 or 0800 555 123 now. "
SPELLED = "مرحبا بالعالم Привет мир 你好世界 "
SHOUTED = "STOP! NO! GO AWAY! AAAAH! OOOOH! EEEEE! "
HISSED = "Sss! Shhh, she sells sea shells; six sick sheikhs' sixth sheep's sick. Psst. "


@pytest.mark.parametrize(
    "text", [PROSE, NUMBERS, SPELLED, SHOUTED, HISSED], ids=["prose", "numbers", "spelled", "shouted", "hissed"]
)
@pytest.mark.parametrize(
    ("voice", "language", "speed", "pitch"),
    [
        ("en-gb", "en", 1.0, 1.0),
        ("en-gb", "en", 2.0, 2.0),
        ("en-us-f2", "en", 0.5, 1.0),
        ("sv-m1", "sv", 1.0, 0.5),  # every pulse a click: the hardest of all for the limiter
        ("cmn-f2", "zh", 2.0, 0.8),
        ("vi-vn-x-central", "vi", 1.0, 1.0),
    ],
)
def test_loudness_and_peak_hold_for_every_voice_and_text(text, voice, language, speed, pitch):
    made, mp3 = voice_of(text * 2, voice=voice, language=language, speed=speed, pitch=pitch)
    samples, rate = decode(mp3)
    loudness, peak = ebur128(samples, rate)
    assert len(samples) / rate == pytest.approx(made.duration_seconds, abs=0.0001)
    assert peak <= -1
    assert made.duration_seconds < 3 or loudness == pytest.approx(-16, abs=1.5)


def test_the_same_request_gives_the_same_file():
    assert voice_of(PROSE * 4)[1] == voice_of(PROSE * 4)[1]


def test_one_letter_has_sound_captions_and_a_waveform():
    made, mp3 = voice_of("a")
    assert [cue.text for cue in made.cues] == ["a"]
    assert 0.1 < made.duration_seconds < 2
    assert made.size == len(mp3)
    assert max(made.peaks) == 100


def test_pauses_are_as_long_as_asked_for():
    plain, _mp3 = voice_of("One. Two.")
    paused, _mp3 = voice_of("[pause 1.5s] One. [pause 2s] Two.")
    assert paused.duration_seconds - plain.duration_seconds == pytest.approx(3.5, abs=0.001)


@pytest.mark.parametrize("text", ["★★★", "...", "[[[", "—"])
def test_a_text_that_gives_no_sound_is_refused_for_good(text):
    with pytest.raises(EngineError) as failed:
        voice_of(text)
    assert (failed.value.code, failed.value.permanent) == ("NO_SPEECH", True)


def test_progress_counts_sentences():
    told: list[tuple[int, int]] = []
    voice_of(PROSE * 10, on_progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 30)
    assert told[-1] == (30, 30)
    assert told == sorted(told)


@pytest.mark.parametrize(
    "text", [PROSE * 800, "a" * 50_000, "word " * 20_000], ids=["book", "one word", "no punctuation"]
)
def test_a_cancel_takes_effect_within_two_seconds(text):
    begin = time.monotonic()
    cancelled_at = begin + 0.5
    with pytest.raises(Stopped):
        voice_of(text, should_stop=lambda: time.monotonic() > cancelled_at)
    assert time.monotonic() - cancelled_at < 2
    assert children() == set()


def test_an_engine_that_loses_its_place_loses_no_text():
    class Forgetful(Espeak):
        def speak(self, request):
            from contextlib import nullcontext

            return nullcontext(iter([Spoken(0, b"\x00\x10" * 9000, last=True)]))

    request = SpeechRequest(split("One. Two.", "en"), "en-gb")
    with pytest.raises(EngineError):
        make_voice(Forgetful(), request, gain_db=0, tags=TAGS, out=io.BytesIO())


def test_a_full_disk_is_an_os_error_and_ends_everything():
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    request = SpeechRequest(split(PROSE * 40, "en"), "en-gb")
    with pytest.raises(OSError, match="No space"):
        make_voice(Espeak(), request, gain_db=4, tags=TAGS, out=Full())
    assert children() == set()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_text():
    """100,000 characters: worker and child together stay within 150 MB above an idle worker."""
    program = textwrap.dedent(
        """
        import re, sys, tempfile
        from pathlib import Path
        from django.conf import settings
        settings.configure(USE_I18N=False)
        from generations.audio.tags import Tags
        from generations.speech.base import SpeechRequest
        from generations.speech.espeak import Espeak
        from generations.text import normalise, split
        from generations.voicing import make_voice

        def memory(pid, field):
            return int(re.search(field + r":\\s+(\\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024

        idle, most_of_child = memory("self", "VmRSS"), 0

        def look(done, total):
            global most_of_child
            for task in Path("/proc/self/task").iterdir():
                for pid in (task / "children").read_text().split():
                    most_of_child = max(most_of_child, memory(pid, "VmHWM"))

        text = normalise(("The museum opens at nine, and many people come to see the old paintings. " * 1400)[:100_000])
        request = SpeechRequest(split(text, "en"), "en-gb", speed=2.0)
        with tempfile.TemporaryFile() as out:
            made = make_voice(Espeak(), request, gain_db=4, tags=Tags("x"), out=out, on_progress=look)
        print(made.duration_seconds, memory("self", "VmHWM") - idle, most_of_child)
        """
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    duration, worker, child = map(float, done.stdout.split())
    assert duration > 2000
    assert child > 0
    assert worker + child < 150
