"""The process that speaks: what it says, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import espeakng_loader
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generations.speech import espeak, espeak_process
from generations.speech.base import EngineError, SpeechRequest
from generations.speech.espeak import Espeak
from generations.speech.espeak_text import Prepared
from generations.text import Sentence, split

LONG = "The quick brown fox jumps over the lazy dog. " * 2_000


def speak(text: str, voice: str = "en-gb", language: str = "en", **more):
    with Espeak().speak(SpeechRequest(split(text, language), voice, **more)) as pieces:
        return list(pieces)


def seconds(pieces) -> float:
    return sum(len(piece.pcm) for piece in pieces) / 2 / espeak.SAMPLE_RATE


def children() -> set[int]:
    """The speech processes that this test process has."""
    return {
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
        if b"espeak_child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


def gone(pid: int, within: float = 2.0) -> bool:
    """Whether a process ends in time; a zombie that nobody has waited for counts as ended."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)  # polling, with a deadline
    return False


def test_the_same_text_gives_the_same_bytes():
    text = "The museum opens at nine. Come in! 1984 😂"
    assert speak(text) == speak(text)


def test_every_sentence_ends_once_and_in_order():
    pieces = speak("One. Two.\n\n[pause 1s] ★ Three.")
    segments = split("One. Two.\n\n[pause 1s] ★ Three.", "en")
    assert [piece.segment for piece in pieces if piece.last] == [
        index for index, segment in enumerate(segments) if isinstance(segment, Sentence)
    ]


def test_words_are_marked_where_they_are_heard():
    (sentence,) = split("Alpha beta gamma delta", "en")
    marks = [mark for piece in speak(sentence.text) for mark in piece.marks]
    assert [mark.offset for mark in marks] == [0, 6, 11, 17]
    assert [mark.sample for mark in marks] == sorted(mark.sample for mark in marks)
    assert marks[-1].sample / espeak.SAMPLE_RATE > 0.5


def test_marks_are_found_behind_a_giant_word():
    sentence = "x" * 300 + " hello"
    marks = [mark for piece in speak(sentence) for mark in piece.marks]
    assert marks[-1].offset == 301


@pytest.mark.parametrize(
    ("voice", "language", "run"),
    [
        ("en-gb", "en", "bacodifugu"),
        ("en-gb", "en", "7391"),
        ("ru", "ru", "музей"),
        ("ja", "ja", "はくぶつかん"),
        ("cmn", "zh", "博物馆"),
        ("en-gb", "en", "😂🎉"),
        ("en-gb", "en", "مرحبا "),
    ],
)
def test_a_giant_word_is_spoken_to_its_end(voice, language, run):
    one, ten = seconds(speak(run * 30, voice, language)), seconds(speak(run * 300, voice, language))
    assert 8 < ten / one < 12


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab1 .-/é\u0301\u200d日"), min_size=1, max_size=400))
def test_preparing_a_sentence_only_adds_spaces(text):
    prepared = Prepared(text)
    assert prepared.text.replace(" ", "") == text.replace(" ", "")
    kept = [prepared.original(position) for position in range(len(prepared.text) + 1)]
    assert kept == sorted(kept)
    assert kept[-1] == len(text)
    assert max(map(len, prepared.text.split(" "))) <= 40
    utterances = prepared.utterances(frozenset({"LATIN"}))
    assert "".join(part for _offset, part in utterances) == prepared.text
    assert all(prepared.text.startswith(part, offset) for offset, part in utterances)


def test_an_ordinary_sentence_is_one_utterance():
    text = (
        "Im Museum am Fluss gibt es seit vielen Jahren eine Sammlung alter Bilder und Bücher aus der ganzen Stadt " * 3
    )
    assert len(Prepared(text).utterances(frozenset({"LATIN"}))) == 1


def test_speed_shortens_and_lengthens():
    normal = seconds(speak("The museum opens at nine in the morning."))
    assert seconds(speak("The museum opens at nine in the morning.", speed=2.0)) == pytest.approx(normal / 2, rel=0.2)
    assert seconds(speak("The museum opens at nine in the morning.", speed=0.5)) == pytest.approx(normal * 2, rel=0.2)


def test_markup_is_text():
    assert seconds(speak("<break time='9s'/> <speak>Hello</speak> [[h@l'oU]]")) < 8


def test_leaving_early_ends_the_process_at_once():
    with Espeak().speak(SpeechRequest(split(LONG, "en"), "en-gb")) as pieces:
        next(pieces)
        (pid,) = children()
    assert gone(pid, within=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not show what a process was given")
def test_the_process_knows_no_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "of the installation")
    with Espeak().speak(SpeechRequest(split(LONG, "en"), "en-gb")) as pieces:
        next(pieces)
        environment = Path(f"/proc/{children().pop()}/environ").read_bytes()
    assert environment.split(b"\0") == [b"LC_ALL=C.UTF-8", b""]


def test_a_killed_process_is_worth_another_try():
    with (  # noqa: PT012 - the process has to be killed in the middle
        pytest.raises(EngineError) as failed,
        Espeak().speak(SpeechRequest(split(LONG, "en"), "en-gb")) as pieces,
    ):
        next(pieces)
        os.kill(children().pop(), signal.SIGKILL)
        list(pieces)
    assert (failed.value.code, failed.value.permanent) == ("ENGINE_UNAVAILABLE", False)


def test_a_process_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(espeak_process, "SILENT_FOR", 0.3)
    monkeypatch.setattr(espeak_process, "HEARTBEAT", 0.1)
    with (  # noqa: PT012 - the process has to be stopped in the middle
        pytest.raises(EngineError) as failed,
        Espeak().speak(SpeechRequest(split(LONG, "en"), "en-gb")) as pieces,
    ):
        next(pieces)
        os.kill(children().pop(), signal.SIGSTOP)
        beats = [piece for piece in pieces if not piece.pcm and not piece.last]
        assert beats
    assert (failed.value.code, failed.value.permanent) == ("TIMEOUT", False)


def test_a_runaway_is_refused_for_good(monkeypatch):
    monkeypatch.setattr(espeak, "_SECONDS_GRACE", 0.0)
    monkeypatch.setattr(espeak, "_SECONDS_PER_CHARACTER", 0.01)
    with pytest.raises(EngineError) as failed:
        speak("This takes longer than allowed.")
    assert (failed.value.code, failed.value.permanent) == ("ENGINE_REJECTED", True)


def test_missing_data_is_said_and_worth_another_try(monkeypatch, tmp_path):
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(tmp_path / "espeak-ng-data"))
    with pytest.raises(EngineError) as failed:
        speak("Hello.")
    assert (failed.value.code, failed.value.permanent) == ("ENGINE_UNAVAILABLE", False)


def test_data_may_lie_deep(monkeypatch, tmp_path):
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 8)
    deep.mkdir(parents=True)
    shutil.copytree(espeakng_loader.get_data_path(), deep / "espeak-ng-data")
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep / "espeak-ng-data"))
    assert seconds(speak("Hello.")) > 0.2


@pytest.mark.skipif(
    sys.platform != "linux", reason="other systems have no parent-death signal; the closed pipe ends it"
)
def test_the_process_ends_when_its_worker_is_killed():
    worker = textwrap.dedent(
        """
        import os, sys, time
        from django.conf import settings
        settings.configure(USE_I18N=False)
        from generations.speech.base import SpeechRequest
        from generations.speech.espeak import Espeak
        from generations.text import split
        with Espeak().speak(SpeechRequest(split("Hello there. " * 5000, "en"), "en-gb")) as pieces:
            next(pieces)
            print(open(f"/proc/self/task/{os.getpid()}/children").read(), flush=True)
            time.sleep(60)
        """
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", worker], cwd=root, stdout=subprocess.PIPE, text=True) as process:
        child = int(process.stdout.readline())
        process.kill()
        process.wait()
        assert gone(child)
