"""The built-in engine's catalogue."""

from __future__ import annotations

import re

import numpy as np
import pytest

from generations.previews import preview_text
from generations.speech import languages, registry
from generations.speech.base import EngineError, SpeechRequest
from generations.speech.espeak import Espeak
from generations.speech.espeak_process import child
from generations.text import normalise, split
from generations.voicing import measure_gain
from micdots.lib.errors import ValidationFailed

# RFC 5646: language, script, region, variants, private use. Extensions are not used here.
BCP47 = re.compile(
    r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-x(?:-[a-z0-9]{1,8})+)?"
)
VOICES = Espeak().voices()


def test_every_voice_of_the_library_is_in_the_table_and_every_row_is_a_voice():
    with child([]) as frames:
        listed = [payload.decode().split("\t") for kind, payload in frames if kind == b"V"]
    names = [languages.voice_name(tag, identifier) for _label, tag, identifier, _gender in listed]
    assert len(names) == len(set(names)) > 100
    assert set(names) == set(languages.VOICES)
    assert {name: identifier.rsplit("/", 1)[-1] for name, (_, _, identifier, _) in zip(names, listed, strict=True)} == {
        name: file for name, (file, _tag) in languages.VOICES.items()
    }


def test_every_tag_is_valid_and_no_two_languages_share_one():
    tags = [tag for _file, tag in languages.VOICES.values()]
    assert [tag for tag in tags if not BCP47.fullmatch(tag)] == []
    assert len(set(tags)) == len(tags)


def test_voices_have_ids_labels_and_genders():
    voices = {voice.id: voice for voice in VOICES}
    assert len(voices) == len(VOICES) > 350
    assert all(re.fullmatch(r"[a-z0-9-]+:[a-z0-9._-]+", voice_id) for voice_id in voices)
    assert all(voice.label == voice.label.strip() != "" for voice in VOICES)
    assert voices["espeak:en-gb"].label == "English (Great Britain)"
    assert voices["espeak:en-gb"].language == "en-GB"
    assert (voices["espeak:es-f2"].gender, voices["espeak:es-f2"].language) == ("female", "es")
    assert voices["espeak:yue"].language != voices["espeak:yue-latn-jyutping"].language
    assert not {"espeak:fo", "espeak:kaa", "espeak:xex"} & set(voices)


@pytest.mark.parametrize("voice", [voice for voice in VOICES if not voice.variant], ids=lambda voice: voice.name)
def test_every_voice_can_say_its_preview(voice):
    text = preview_text(voice.language)
    assert text == normalise(text)
    assert -24 < measure_gain(Espeak(), voice.name, text, voice.language) < 36


@pytest.mark.parametrize("name", ["en-gb", "es", "cmn"])
def test_variants_sound_different(name):
    heard = set()
    for voice in [
        voice for voice in VOICES if voice.name == name or (voice.name.rpartition("-")[0] == name and voice.variant)
    ]:
        request = SpeechRequest(split("One two three.", voice.language), voice.name)
        with Espeak().speak(request) as pieces:
            heard.add(b"".join(piece.pcm for piece in pieces))
    assert len(heard) == 7


def test_a_rare_language_says_its_own_name():
    assert preview_text("is").startswith("íslenska")
    assert preview_text("pt-BR") == preview_text("pt")


def test_tags_have_three_letter_codes():
    assert languages.iso639_2("de-AT") == "deu"
    assert languages.iso639_2("zh-Latn-pinyin") == "zho"
    assert languages.iso639_2("yue") == "yue"
    assert languages.iso639_2("xx") == "und"
    assert {tag for _f, tag in languages.VOICES.values() if languages.iso639_2(tag) == "und"} == set()


def test_an_engine_or_voice_that_is_not_there_is_no_use_trying_again():
    with pytest.raises(EngineError) as missing:
        registry.engine("nobody")
    assert (missing.value.code, missing.value.permanent) == ("ENGINE_UNAVAILABLE", True)
    with (
        pytest.raises(EngineError) as unknown,
        registry.engine("espeak").speak(SpeechRequest(split("Hello", "en"), "en-gb/../../etc")) as pieces,
    ):
        list(pieces)
    assert (unknown.value.code, unknown.value.permanent) == ("ENGINE_UNAVAILABLE", True)


def test_the_engine_has_no_settings_of_its_own():
    Espeak().check_settings({})
    with pytest.raises(ValidationFailed) as refused:
        Espeak().check_settings({"stability": 1})
    assert list(refused.value.details) == ["settings"]


@pytest.mark.parametrize(("pitch", "factor"), [(0.5, 0.5), (2.0, 2.0)])
def test_pitch_is_a_factor(pitch, factor):
    def fundamental(pitch: float) -> float:
        request = SpeechRequest(split("aaaaaaaaaa", "en"), "en-gb", 1.0, pitch)
        with Espeak().speak(request) as pieces:
            samples = np.frombuffer(b"".join(piece.pcm for piece in pieces), "<i2").astype(float)
        middle = samples[len(samples) // 3 : len(samples) // 3 + 8192]
        spectrum = np.fft.irfft(np.abs(np.fft.rfft(middle, 16384)) ** 2)[60:900]  # autocorrelation, 25 to 370 Hz
        return 22_050 / (60 + int(spectrum.argmax()))

    assert fundamental(pitch) / fundamental(1.0) == pytest.approx(factor, rel=0.25)
