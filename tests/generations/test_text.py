from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generations.text import Pause, Sentence, count_characters, first_words, normalise, split, without_pauses
from micdots.lib.errors import ValidationFailed

TYPED = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.lists(
    st.sampled_from(
        [
            "Hello. ",
            "z. B. ",
            "[pause 1.5s]",
            "\n",
            "\n\n",
            "one two ",
            "1. ",
            "“Yes!” ",
            "مرحبا. ",
            "😂",
            " " * 9,
            "a" * 70,
        ]
    )
).map("".join)


def sentences(text: str, language: str = "en") -> list[str]:
    return [part.text for part in split(normalise(text), language) if isinstance(part, Sentence)]


@pytest.mark.parametrize(
    "text",
    ["", "   \n\t ", "\u200b\ufeff", "\u2800\u3164", "\u00ad", "[pause 2s]", "\u0301", " \u200d \n[pause 1s]\u2060"],
)
def test_a_text_without_anything_visible_is_refused(text):
    with pytest.raises(ValidationFailed) as refused:
        normalise(text)
    assert list(refused.value.details) == ["text"]


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x0b", "\x0c", "\x7f", "\x85", "\ud800", "\udfff"])  # noqa: PT014 - ruff takes the two surrogates for one
def test_control_characters_and_lone_surrogates_are_refused(character):
    with pytest.raises(ValidationFailed) as refused:
        normalise(f"Hello{character} world")
    assert refused.value.details["text"]


def test_line_ends_spaces_and_blank_lines_are_put_in_order():
    assert (
        normalise("\ufeff  One \r\ntwo\t\r\n\r\n\r\n\r\nthree\rfour\u2028five\u2029six  ")
        == "One\ntwo\n\nthree\nfour\nfive\n\nsix"
    )


def test_letters_are_composed():
    assert normalise("Cafe\u0301") == "Café"


def test_flags_and_joined_emoji_keep_all_their_parts():
    flag, family = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "👩\u200d👧"
    assert normalise(f"{family} {flag}") == f"{family} {flag}"


def test_heaps_of_accents_are_refused_at_once():
    begin = time.monotonic()
    with pytest.raises(ValidationFailed):
        normalise("a" + "\u0301\u0327" * 50_000)
    assert time.monotonic() - begin < 2  # normalising them would take many seconds


@pytest.mark.parametrize("mark", ["[pause 0s]", "[pause 0.05s]", "[pause 31s]", "[pause 999999s]"])
def test_a_pause_out_of_bounds_is_refused(mark):
    with pytest.raises(ValidationFailed, match="another look"):
        normalise(f"Hello {mark} world")


def test_pauses_that_add_up_to_too_much_are_refused():
    with pytest.raises(ValidationFailed):
        normalise("Hello " + "[pause 30s]" * 21)


def test_pause_marks_cost_nothing():
    assert count_characters("Hello [pause 1.5s]world[PAUSE 2 s]") == len("Hello world")


def test_a_pause_may_stand_anywhere():
    text = normalise("[pause 1.5s] One[pause 2s]two. [pause 0,5s]")
    assert split(text, "en") == [
        Pause(1.5, marked=True),
        Sentence("One", 13, 16),
        Pause(2.0, marked=True),
        Sentence("two.", 26, 30),
        Pause(0.5, marked=True),
    ]


def test_what_only_looks_like_a_pause_is_spoken():
    assert sentences("Say [pause soon] or [pause] now") == ["Say [pause soon] or [pause] now"]


def test_a_blank_line_is_a_pause_and_a_line_break_ends_a_sentence():
    parts = split("Eggs\nMilk\n\nBread", "en")
    assert [part.text if isinstance(part, Sentence) else "-" for part in parts] == ["Eggs", "Milk", "-", "Bread"]


def test_wrapped_lines_are_one_paragraph():
    wrapped = (
        "It was the best place in the whole town, and people came from\n"
        "far away to see it. The doors were open from morning until\n"
        "evening, and nobody had to pay."
    )
    assert len(sentences(wrapped)) == 2
    assert "from\nfar away" in sentences(wrapped)[0]


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("en", "Mrs. O'Neill came at 9 a.m. on Monday. She left at 5 p.m. because of the rain.", 2),
        ("en", "Dr. Smith lives on St. James St. in London. He has 3.5 dogs.", 2),
        ("en", "It ended in 1999. 3 people stayed. i saw them. مرحبا.", 4),
        ("en", 'Really? "Yes!" she said. (No.)', 3),
        ("en", "See No. 5 and fig. 3 of vol. 2. Did you? No. I did not.", 4),
        ("de", "Das ist z. B. ein Test. Am 3. Mai kam er. Er wohnt in der 2. Etage. Dr. Müller auch.", 4),
        ("de", "Die Hl. Maria, d. h. die Mutter, usw. sind hier. Wirklich!", 2),
        ("fr", "M. Dupont est là. Il part à 9 h. Mme. Petit reste.", 3),
        ("fi", "Asun 3. kerroksessa. Tule käymään.", 2),
        ("es", "¿Cómo estás? ¡Bien! El Sr. Pérez vive en la Av. Colón núm. 3. Adiós.", 4),
        ("ar", "مرحبا بالعالم. كيف حالك؟ أنا بخير.", 3),
        ("zh", "你好。我很好！你呢？", 3),
        ("ja", "こんにちは。元気ですか？", 2),
        ("hi", "यह है। वह है।", 2),
        ("el", "Τι κάνεις; Καλά.", 2),
        ("art-x-belta", "Oye. Beratna.", 2),
    ],
)
def test_sentences_end_by_the_rules_of_the_language(language, text, count):
    assert len(sentences(text, language)) == count, sentences(text, language)


@settings(max_examples=300, deadline=None)
@given(TYPED, st.sampled_from(["en", "de", "ar", "zh", "th", "xx"]))
def test_nothing_of_a_text_is_lost(typed, language):
    try:
        text = normalise(typed)
    except ValidationFailed:
        return
    assert normalise(text) == text
    position = 0
    for part in split(text, language):
        if isinstance(part, Sentence):
            assert part.text == text[part.start : part.end]
            assert part.text == part.text.strip() != ""
            assert not without_pauses(text[position : part.start]).strip()
            position = part.end
    assert position > 0
    assert not without_pauses(text[position:]).strip()


@settings(max_examples=100, deadline=None)
@given(TYPED, st.integers(10, 120))
def test_a_title_is_one_short_line(typed, limit):
    try:
        text = normalise(typed)
    except ValidationFailed:
        return
    title = first_words(text, limit)
    assert 0 < len(title) <= limit
    assert "\n" not in title
    assert "[pause 1.5s]" not in title


def test_a_title_is_cut_between_words():
    assert first_words("[pause 1s] One two three four", 12) == "One two…"
    assert first_words("One two") == "One two"


@pytest.mark.parametrize(
    "text",
    [
        "x" + " " * 10_000 + "y",
        "a" * 50_000,
        "[" * 20_000,
        "(" * 20_000 + ")" * 20_000,
        "[pause " * 15_000,
        "[pause 1" + "1" * 99_000,
        "a. " * 33_000,
        "“" * 100_000,
        "x" + "\n" * 100_000 + "y",
        "Hello there, world. " * 5_000,
        "a\n\n" * 33_000,
        "...!?" * 20_000,
    ],
    ids=lambda text: text[:8],
)
def test_odd_texts_are_quick(text):
    begin = time.process_time()
    normalised = normalise(text)
    assert split(normalised, "en")
    assert count_characters(normalised) <= len(text)
    first_words(normalised)
    assert time.process_time() - begin < 2  # quadratic ones take minutes
