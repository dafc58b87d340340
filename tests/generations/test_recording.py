"""From a file that people recorded to the MP3 that is played."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from mutagen.id3 import ID3
from mutagen.mp3 import MP3

from generations.audio import decoding
from generations.audio.tags import Tags
from generations.recording import PROGRESS_TOTAL, RecordingError, make_from_recording
from generations.voicing import Made, Stopped
from tests.generations.recordings import (
    CONTAINERS,
    RATE,
    browser_recording,
    recording,
    room,
    silence,
    silent_film,
    speech,
)
from tests.generations.sound import decode, ebur128

TAGS = Tags("A walk", "Alice", "https://example.org/d/7KX3M9", "en-GB", synthetic=False)


def make(data: bytes, *, most_seconds: float = 600, **more) -> tuple[Made, bytes]:
    out = io.BytesIO()
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.flush()
        made = make_from_recording(source, tags=TAGS, out=out, most_seconds=most_seconds, **more)
    return made, out.getvalue()


def refusal(data: bytes, **more) -> RecordingError:
    with pytest.raises(RecordingError) as caught:
        make(data, **more)
    return caught.value


# --- What comes out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("container", "codec", "_type"), CONTAINERS)
def test_every_container_becomes_a_level_mp3(container, codec, _type):
    made, mp3 = make(recording(speech() * 0.2, container, codec))

    info = MP3(io.BytesIO(mp3)).info
    assert (info.channels, info.sample_rate) == (1, 44_100)
    assert info.bitrate == pytest.approx(128_000, rel=0.01)
    assert info.length == pytest.approx(made.duration_seconds, abs=0.001)
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=0.5)
    assert made.size == len(mp3)
    assert max(made.peaks) == 100
    loudness, peak = ebur128(*decode(mp3))
    assert loudness == pytest.approx(-16, abs=1.5)
    assert peak <= -1


def test_what_a_browser_records_has_no_duration_and_plays_all_the_same():
    data = browser_recording(speech())
    made, _mp3 = make(data)
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=0.5)


def test_an_mp4_in_fragments_is_read_as_it_comes():
    """As Safari's MediaRecorder writes it."""
    made, _mp3 = make(recording(speech(), "mp4", "aac", options={"movflags": "frag_keyframe+empty_moov"}))
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=0.5)


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000])
def test_other_rates_and_two_channels_are_brought_together(rate):
    made, mp3 = make(recording(speech(), layout="stereo", rate=rate))
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=0.5)
    assert ebur128(*decode(mp3))[0] == pytest.approx(-16, abs=1.5)


@pytest.mark.parametrize("level", [0.01, 0.03, 0.3, 1.0, 3.0])
def test_whispered_and_overdriven_recordings_come_out_alike(level):
    """Above 1.0 stand samples that only files of floats can hold."""
    _made, mp3 = make(recording(speech() * level, "wav", "pcm_f32le"))
    loudness, peak = ebur128(*decode(mp3))
    assert loudness == pytest.approx(-16, abs=1.5)
    assert peak <= -1


def test_a_soft_beginning_stays_soft():
    soft = 0.1
    made, mp3 = make(recording(np.concatenate([speech() * soft, speech()])))
    samples, rate = decode(mp3)
    middle = int(made.duration_seconds / 2 * rate)
    first, second = (np.sqrt(np.mean(half**2)) for half in (samples[:middle], samples[middle:]))
    assert first / second == pytest.approx(soft, rel=0.15)
    assert ebur128(samples, rate)[0] == pytest.approx(-16, abs=1.5)


def test_a_bang_beside_a_soft_voice_does_not_keep_it_soft():
    bang = np.zeros(RATE // 10, np.float32)
    bang[::40] = 1.0
    _made, mp3 = make(recording(np.concatenate([speech() * 0.1, bang, speech() * 0.1])))
    loudness, peak = ebur128(*decode(mp3))
    assert loudness == pytest.approx(-16, abs=1.5)
    assert peak <= -1


def test_a_shrill_series_of_clicks_stays_below_the_ceiling():
    clicks = np.zeros(RATE * 4, np.float32)
    clicks[:: RATE // 100] = 0.9
    _made, mp3 = make(recording(clicks))
    assert ebur128(*decode(mp3))[1] <= -1


@pytest.mark.parametrize("around", [silence(3.0), room(3.0), room(3.0) + 0.2])
def test_silence_at_both_ends_is_trimmed_but_for_a_breath(around):
    """Also a quiet room's, and a sound card's direct current."""
    plain, _mp3 = make(recording(speech()))
    offset = float(around.mean()) if abs(float(around.mean())) > 0.1 else 0.0
    made, mp3 = make(recording(np.concatenate([around, speech() * 0.5 + offset, around])))

    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=0.6)
    assert made.duration_seconds >= plain.duration_seconds - 0.1
    samples, rate = decode(mp3)
    beginning = np.abs(np.diff(samples[: int(0.1 * rate)])).max()
    assert beginning < 0.02


def test_a_click_at_the_beginning_is_no_sound():
    start = silence(2.0)
    start[RATE : RATE + 200] = 0.5
    made, _mp3 = make(recording(np.concatenate([start, speech()])))
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=0.5)


def test_silence_in_the_middle_stays():
    made, _mp3 = make(recording(np.concatenate([speech(), silence(4.0), speech()])))
    assert made.duration_seconds == pytest.approx(2 * len(speech()) / RATE + 4, abs=0.6)


def test_the_tags_name_no_synthetic_voice():
    _made, mp3 = make(recording(speech()))
    tags = ID3(io.BytesIO(mp3))
    assert tags["TIT2"].text == ["A walk"]
    assert not tags.getall("TXXX")


def test_progress_rises_to_the_end():
    told = []
    make(recording(speech()), on_progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (PROGRESS_TOTAL, PROGRESS_TOTAL)


# --- What bad files get --------------------------------------------------------------------------------------------


def test_a_truncated_mp3_is_heard_as_far_as_it_goes():
    whole = recording(speech(), "mp3", "libmp3lame")
    made, _mp3 = make(whole[: len(whole) // 2])
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE / 2, abs=0.6)


def test_a_header_that_lies_about_the_length_is_not_believed():
    data = bytearray(recording(speech(), "mp3", "libmp3lame"))
    at = data.find(b"Xing") if b"Xing" in data else data.find(b"Info")
    assert at > 0
    struct.pack_into(">II", data, at + 8, 9_000_000, 2_000_000_000)
    made, _mp3 = make(bytes(data))
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=0.6)


def test_a_wav_that_announces_gigabytes_is_heard_as_far_as_it_goes():
    data = bytearray(recording(speech()))
    at = data.find(b"data")
    struct.pack_into("<I", data, at + 4, 0xFFFFFFFE)
    made, _mp3 = make(bytes(data))
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=0.6)


def test_a_scratch_in_the_middle_is_passed_over():
    data = bytearray(recording(speech(), "mp3", "libmp3lame"))
    middle = len(data) // 2
    data[middle : middle + 2000] = os.urandom(2000)
    made, _mp3 = make(bytes(data))
    assert made.duration_seconds == pytest.approx(len(speech()) / RATE, abs=1.0)


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{path}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{path}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 40000 RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1"><BaseURL>file://{path}</BaseURL></Representation></AdaptationSet></Period></MPD>',
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("target", ["/etc/passwd", "sound"])
def test_a_playlist_opens_no_local_file(kind, target, tmp_path):
    if target == "sound":  # one that would play, if it were opened
        target = str(tmp_path / "secret.wav")
        (tmp_path / "secret.wav").write_bytes(recording(speech()))
    error = refusal(PLAYLISTS[kind].format(path=target).encode())
    assert (error.code, error.permanent) == ("INVALID_AUDIO", True)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", os.urandom(100_000), b"<html><script>alert(1)</script></html>", silent_film(), b"RIFF" + bytes(40)],
    ids=["nothing", "one byte", "noise", "a page", "a film without sound", "an empty header"],
)
def test_what_holds_no_sound_is_refused_for_good(data):
    error = refusal(data)
    assert (error.code, error.permanent) == ("INVALID_AUDIO", True)


def test_a_header_of_a_file_that_never_came_is_refused():
    whole = recording(speech(), "mp4", "aac")  # its index stands at the end
    assert refusal(whole[: len(whole) // 2]).code == "INVALID_AUDIO"


@pytest.mark.parametrize("data", [silence(3), room(3, -75.0), silence(3) + 0.3], ids=["digital", "a room", "a current"])
def test_silence_alone_has_nothing_to_say(data):
    error = refusal(recording(data))
    assert (error.code, error.permanent) == ("NO_SPEECH", True)


def test_more_sound_than_is_allowed_is_refused():
    error = refusal(recording(speech(), "mp3", "libmp3lame"), most_seconds=3)
    assert (error.code, error.permanent) == ("INVALID_AUDIO", True)


# --- How it behaves ------------------------------------------------------------------------------------------------


def test_a_stop_is_seen_within_two_seconds_and_ends_the_decoder(monkeypatch):
    started = []
    real = subprocess.Popen

    def popen(*arguments, **options):
        started.append(real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(decoding.subprocess, "Popen", popen)
    data = recording(np.tile(speech(), 60))
    stop = threading.Event()
    timer = threading.Timer(0.7, stop.set)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        make(data, most_seconds=10_000, should_stop=stop.is_set)
    assert time.monotonic() - begin < 0.7 + 2
    assert all(process.poll() is not None for process in started)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not show what a process was given")
def test_the_decoder_knows_no_secret_and_may_neither_write_nor_work_for_ever(monkeypatch):
    data = recording(np.tile(speech(), 10))
    monkeypatch.setenv("SECRET_KEY", "of the installation")
    started = []
    real = subprocess.Popen
    monkeypatch.setattr(
        decoding.subprocess,
        "Popen",
        lambda *arguments, **options: started.append(real(*arguments, **options)) or started[-1],
    )
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.flush()
        with decoding.decoded(source, sample_rate=RATE, most_seconds=1000) as pieces:
            assert any(len(piece) for piece in pieces)  # it has begun, and waits for somebody to take the rest
            proc = Path(f"/proc/{started[0].pid}")
            environment = proc.joinpath("environ").read_bytes()
            limits = [line.split() for line in proc.joinpath("limits").read_text().splitlines()]
    assert environment.split(b"\0") == [b"LC_ALL=C.UTF-8", b""]
    soft = {" ".join(words[:3]): words[3] for words in limits}
    assert soft["Max file size"] == "0"
    assert soft["Max cpu time"] == "160"


def test_a_file_that_keeps_the_decoder_at_work_for_ever_is_refused_for_good(monkeypatch):
    data = recording(speech())
    real = subprocess.Popen

    def popen(*arguments, **options):
        process = real(*arguments, **options)
        process.send_signal(signal.SIGXCPU)
        return process

    monkeypatch.setattr(decoding.subprocess, "Popen", popen)
    error = refusal(data)
    assert (error.code, error.permanent) == ("INVALID_AUDIO", True)


def test_a_decoder_that_is_killed_from_outside_may_be_tried_again(monkeypatch):
    real = subprocess.Popen

    def popen(*arguments, **options):
        process = real(*arguments, **options)
        process.kill()
        return process

    monkeypatch.setattr(decoding.subprocess, "Popen", popen)
    error = refusal(recording(speech()))
    assert (error.code, error.permanent) == ("INVALID_AUDIO", False)


def test_a_decoder_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(decoding, "SILENT_FOR", 0.2)
    monkeypatch.setattr(decoding, "HEARTBEAT", 0.1)
    real = subprocess.Popen
    monkeypatch.setattr(
        decoding.subprocess,
        "Popen",
        lambda command, **options: real([sys.executable, "-c", "import time; time.sleep(60)"], **options),
    )
    error = refusal(recording(speech()))
    assert (error.code, error.permanent) == ("TIMEOUT", False)


def test_memory_does_not_grow_with_the_recording(tmp_path):
    """Measured in a fresh process, for two lengths: the second is eight times the first."""
    program = (
        "import os, re, resource, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'micdots.settings.test'\n"
        "from generations.audio.tags import Tags; from generations.recording import make_from_recording\n"
        "with open(sys.argv[1], 'rb') as source, open(sys.argv[2], 'w+b') as out:\n"
        "    make_from_recording(source, tags=Tags('t'), out=out, most_seconds=9999)\n"
        # Not RUSAGE_SELF, which remembers the process that started this one.
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    peaks = []
    for times in (8, 64):
        path = tmp_path / f"{times}.mp3"
        path.write_bytes(recording(np.tile(speech(), times), "mp3", "libmp3lame"))
        command = [sys.executable, "-c", program, str(path), str(tmp_path / "out.mp3")]
        told = subprocess.run(command, capture_output=True, check=True, text=True, cwd=os.getcwd())
        peaks.append([int(kilobytes) for kilobytes in told.stdout.split()])
    for short, long in zip(*peaks, strict=True):
        assert long - short < 16_000, peaks
