"""What a player shows of a generation: the transcript."""

from __future__ import annotations

import time

import pytest

from generations.captions import spread
from generations.player import transcript
from generations.text import normalise
from generations.webvtt import Cue
from micdots.lib.text_direction import text_direction


def shown(text: str, language: str = "en") -> list[list[str]]:
    """Paragraphs of lines, as they are read."""
    text = normalise(text)
    paragraphs = transcript(text, spread(text, language, 60.0))
    return [["".join(phrase.space + phrase.text for phrase in line) for line in lines] for lines in paragraphs]


def test_paragraphs_lines_and_spaces_are_those_of_the_text():
    assert shown("One. Two.\n\nA list:\nfirst\nsecond\n\n[pause 2s]\n\nThe end.") == [
        ["One. Two."],
        ["A list:", "first", "second"],
        ["The end."],
    ]


def test_where_the_text_has_no_spaces_none_are_put_in():
    assert shown("今日は。お元気ですか。", "ja") == [["今日は。お元気ですか。"]]


def test_a_pause_within_a_sentence_leaves_no_trace():
    assert shown("Wait [pause 1s] for it.") == [["Wait for it."]]


def test_captions_that_are_not_the_text_stand_in_one_paragraph():
    lines = transcript("The text.", [Cue(0, 1, "Written"), Cue(1, 2, "by hand")])

    assert [[(phrase.text, phrase.start) for phrase in line] for line in lines[0]] == [[("Written", 0), ("by hand", 1)]]


def test_without_captions_the_text_stands_as_it_is():
    assert [[[phrase.text for phrase in line] for line in lines] for lines in transcript("One\ntwo\n\nthree", [])] == [
        [["One"], ["two"]],
        [["three"]],
    ]


def test_a_long_text_takes_time_in_proportion():
    text = normalise("A sentence of some words, and then another one. " * 2_000)
    cues = spread(text, "en", 6_000.0)

    started = time.process_time()
    transcript(text, cues)

    # Quadratic work would take minutes; this is milliseconds, with room for a busy machine.
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("tag", "direction"),
    [
        ("en-GB", "ltr"),
        ("ar", "rtl"),
        ("he", "rtl"),
        ("fa-IR", "rtl"),
        ("az-Arab", "rtl"),
        ("ar-Latn", "ltr"),
        ("zzz", "ltr"),
    ],
)
def test_the_direction_of_a_language(tag, direction):
    assert text_direction(tag) == direction
