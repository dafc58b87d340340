"""Measuring a voice and recording its preview: once, by a worker, one voice after the other."""

from __future__ import annotations

import io

import pytest
from django.utils import timezone
from mutagen.mp3 import MP3

from generations import tasks, voice_preparation
from generations.models import Voice
from generations.speech.base import ENGINE_UNAVAILABLE, EngineError
from tests.factories import make_voice
from tests.generations.stand_ins import ToneEngine
from uploads.storage import StorageError, store

pytestmark = pytest.mark.django_db


def prepared(voice: Voice) -> Voice:
    voice_preparation.prepare_voice(voice_id=voice.pk)
    return Voice.objects.get(pk=voice.pk)


@pytest.fixture
def tone(monkeypatch):
    engine = ToneEngine()
    monkeypatch.setattr(voice_preparation, "engine", lambda name: engine)
    return engine


def test_a_voice_gets_its_gain_and_a_preview_that_plays():
    voice = prepared(make_voice(key="espeak:de", language="de", label="German", gain_db=None))

    assert -30 < voice.gain_db < 30
    with store().open(voice.preview_key) as source:
        audio = source.read()
    mp3 = MP3(io.BytesIO(audio))
    assert 1 < mp3.info.length < 20
    assert voice.preview_bytes == len(audio)
    assert voice.preview_recorded_at is not None
    assert mp3.tags["TIT2"].text == ["German"]
    assert mp3.tags["TXXX:SyntheticVoice"].text == ["true"]


def test_it_is_done_once(tone):
    voice = prepared(make_voice(gain_db=None))
    runs = tone.spoken
    again = prepared(voice)
    assert tone.spoken == runs
    assert again.preview_key == voice.preview_key


def test_a_second_try_writes_to_the_same_key(tone, monkeypatch):
    voice = make_voice(gain_db=None)

    def refuse(*args: object) -> None:
        raise StorageError

    with monkeypatch.context() as patched:
        patched.setattr(voice_preparation.store(), "put", refuse, raising=True)
        with pytest.raises(StorageError):
            prepared(voice)
    half = Voice.objects.get(pk=voice.pk)
    assert half.preview_key
    assert (half.preview_recorded_at, half.gain_db is None) == (None, False)

    assert prepared(voice).preview_key == half.preview_key
    assert store().stat(half.preview_key) is not None


def test_a_gain_that_is_there_is_kept(tone):
    assert prepared(make_voice(gain_db=2.5)).gain_db == 2.5


def test_a_gain_that_was_taken_away_is_measured_again(tone):
    voice = prepared(make_voice(gain_db=None))
    Voice.objects.filter(pk=voice.pk).update(gain_db=None)
    assert prepared(voice).gain_db is not None


@pytest.mark.parametrize("kind", [Voice.Kind.HUMAN])
def test_people_and_voices_that_are_gone_are_left_alone(tone, kind):
    human = make_voice(key="studio:anna", kind=kind, gain_db=None)
    assert prepared(human).preview_key == ""
    voice_preparation.prepare_voice(voice_id=4_711)
    assert tone.spoken == 0


def test_one_voice_a_message_then_the_next(tone, bells):
    first = make_voice(key="espeak:de", language="de", gain_db=None)
    make_voice(key="espeak:gone", gain_db=None, is_available=False)
    done = make_voice(key="espeak:fr", preview_recorded_at=timezone.now())
    second = make_voice(key="espeak:es", language="es", gain_db=None)

    after = 0
    while True:
        tasks.prepare_voices(after)
        if not bells:
            break
        (_task, after, _delay) = bells.pop()

    rows = {voice.key: voice.preview_recorded_at for voice in Voice.objects.all()}
    assert rows[first.key]
    assert rows[second.key]
    assert rows["espeak:gone"] is None
    assert rows[done.key] == done.preview_recorded_at


def test_a_voice_that_cannot_be_prepared_does_not_stop_the_others(tone, bells, caplog):
    broken = make_voice(key="espeak:de", language="de", gain_db=None)
    fine = make_voice(key="espeak:es", language="es", gain_db=None)
    errors = [EngineError(ENGINE_UNAVAILABLE)]

    def fail_once(number: int) -> None:
        if errors:
            raise errors.pop()

    tone.before = fail_once
    tasks.prepare_voices()
    tasks.prepare_voices(bells[-1][1])

    assert Voice.objects.get(pk=broken.pk).preview_recorded_at is None
    assert Voice.objects.get(pk=fine.pk).preview_recorded_at is not None
    assert "could not be prepared" in caplog.text
