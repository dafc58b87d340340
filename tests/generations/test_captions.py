from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generations.captions import CUE_CHARACTERS, Cue, SpokenSentence, cues_for, cut, spread
from generations.text import Sentence, normalise, without_pauses
from tests.generations.sound import voice_of

WORDS = [
    "the",
    "museum",
    "opened",
    "its",
    "doors",
    "in",
    "a",
    "small",
    "town",
    "where",
    "people",
    "listen",
    "to",
    "voices",
    "of",
    "old",
    "masters",
    "and",
    "read",
]


def letters(text: str) -> str:
    """The text as captions promise to give it back: all but whitespace."""
    return re.sub(r"\s+", "", text)


def assert_sound(cues: list[Cue], text: str, duration: float, paused: float = 0.0) -> None:
    """Everything that captions promise."""
    assert letters("".join(cue.text for cue in cues)) == letters(without_pauses(text))
    assert all(0 < len(cue.text) <= CUE_CHARACTERS and "\n" not in cue.text for cue in cues)
    position = 0.0
    for cue in cues:
        assert position <= cue.start < cue.end
        position = cue.end
    assert position <= duration + 0.002
    characters = sum(len(cue.text) for cue in cues)
    together = sum(cue.end - cue.start for cue in cues)
    for total in (together, duration - paused):
        for cue in cues:
            share = ((cue.end - cue.start) / total) / (len(cue.text) / characters)
            assert 0.3 <= share <= 3, (cue, share)


def prose(characters: int, end: str = ". ") -> str:
    words, length, number = [], 0, 0
    while length < characters:
        word = WORDS[(number * number + 3 * number) % len(WORDS)] + (end if number % 9 == 8 else " ")
        words.append(word)
        length += len(word)
        number += 1
    return "".join(words)[:characters]


LISTS = "Eggs\nMilk\nA\nBread and butter\nAn unusually long thing to put on a list of things to buy\n1\nOK"
EMOJI = (
    "😂\nHello there, how are you today?\n👩‍👩‍👧‍👦 and 🏴󠁧󠁢󠁥󠁮󠁧󠁿\n🎉🎉🎉\nThis is quite an ordinary sentence, of some length."
)
NUMBERS = "1984\n3.14159\nCall 112.\nThere were 1,234,567 people. 42. It was on 2026-11-21 at 9:30.\n" + "7" * 150
MIXED = "Привет мир. Hello world. 你好，世界。 مرحبا بالعالم. Γειά σου Κόσμε! नमस्ते दुनिया। ★★★ Done."
QUOTES = '“Really?” he said. «Oui.» ‘No!’ "What?" (Yes. No.) She said: „Ja!“ <b>bold</b> & "more" --> end.'
EVERYTHING = "\n\n".join([LISTS, EMOJI, NUMBERS, MIXED, QUOTES, prose(2_000)] * 8)[:20_000]


@pytest.mark.parametrize(
    ("text", "language", "voice"),
    [
        ("a", "en", "en-gb"),
        ("Hi!", "en", "en-gb"),
        (prose(1_000), "en", "en-gb"),
        (prose(20_000), "en", "en-us-f2"),
        (prose(100_000), "en", "en-gb"),
        (EVERYTHING, "en", "en-gb"),
        (prose(3_000, " "), "en", "en-gb"),
        ("w" * 3_000, "en", "en-gb"),
        (LISTS, "en", "en-gb"),
        (EMOJI, "en", "en-gb"),
        (NUMBERS, "en", "en-gb"),
        (MIXED, "en", "en-gb"),
        (MIXED, "ar", "ar"),
        (QUOTES, "en", "en-gb"),
        ("مرحبا بالعالم. كيف حالك اليوم؟ أنا بخير، شكرا جزيلا لك.", "ar", "ar"),
        ("שלום עולם. מה שלומך היום? אני בסדר גמור, תודה רבה.", "he", "he"),
        ("今天天气很好。我们去博物馆。" * 20, "zh", "cmn"),
        ("สวัสดีครับวันนี้อากาศดีมากเราจะไปเที่ยวพิพิธภัณฑ์ด้วยกัน" * 8, "th", "th"),
        ("One. [pause 5s] Two, three and four. [pause 2.5s]\n\nFive.", "en", "en-gb"),
        ("[pause 3s] A sentence after silence.", "en", "en-gb"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_captions_of_real_voices_keep_their_promises(text, language, voice):
    made, _mp3 = voice_of(text, language=language, voice=voice)
    paused = sum(float(seconds) for seconds in re.findall(r"\[pause ([\d.]+)s\]", text))
    assert_sound(made.cues, normalise(text), made.duration_seconds, paused)


def test_a_cue_begins_when_its_first_word_is_heard():
    made, _mp3 = voice_of("[pause 2s] One two three four five. [pause 4s] Six seven eight nine ten.")
    first, second = made.cues
    assert first.start == pytest.approx(2.0, abs=0.01)
    assert second.start == pytest.approx(first.end + 0.3 + 4.0, abs=0.05)


def test_a_long_sentence_is_cut_where_it_breathes_and_timed_by_its_words():
    clause = "the people of the town came together in the old hall beside the river, "
    sentence = SpokenSentence(
        Sentence((clause * 4).strip(), 0, len(clause) * 4 - 1),
        1.0,
        21.0,
        [(len(clause) * 2, 16.0), (len(clause) * 3, 18.0)],
    )
    cues = cues_for([sentence], duration=21.0)
    assert [cue.text.endswith(",") for cue in cues] == [True, True]
    assert [cue.start for cue in cues] == [1.0, 16.0]


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab ,.;日本\u0301\u200d😂🏽\n"), max_size=900), st.integers(20, 200))
def test_cutting_loses_nothing(text, limit):
    stretches = cut(text, limit)
    assert letters("".join(text[start:end] for start, end in stretches)) == letters(text)
    assert all(0 < end - start <= limit for start, end in stretches)
    assert stretches == sorted(stretches)


SPOKEN = st.lists(
    st.tuples(st.integers(1, 190), st.floats(0, 60), st.floats(0, 3)), min_size=1, max_size=60
)  # characters, seconds heard, seconds of silence behind it


@settings(max_examples=300, deadline=None)
@given(SPOKEN)
def test_shares_of_time_hold_for_whatever_an_engine_says(sentences):
    spoken, at, position = [], 0.5, 0
    for length, heard, silent in sentences:
        spoken.append(SpokenSentence(Sentence("x" * length, position, position + length), at, at + heard))
        position += length
        at += heard + silent
    duration = at + 1.0
    if duration / position < 0.02:  # faster than anybody speaks
        return
    cues = cues_for(spoken, duration=duration)
    assert_sound(cues, "".join(sentence.sentence.text for sentence in spoken), duration)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([LISTS, EMOJI, MIXED, QUOTES, prose(5_000), "w" * 900]), st.floats(30, 4000))
def test_a_transcript_is_spread_over_its_recording(text, duration):
    cues = spread(normalise(text), "en", duration)
    assert_sound(cues, normalise(text), duration)
    assert cues[0].start == 0


def test_a_transcript_far_too_long_for_its_recording_still_has_readable_cues():
    cues = spread(normalise("Yes. " * 2_000), "en", 1.0)
    assert letters("".join(cue.text for cue in cues)) == "Yes." * 2_000
    assert all(cue.end > cue.start for cue in cues)
    assert len(cues) <= 21
