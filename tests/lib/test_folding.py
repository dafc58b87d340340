"""Text as the full-text index sees it."""

from __future__ import annotations

import pytest

from micdots.lib.folding import LONGEST_WORD, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Crème BRÛLÉE", "creme brulee"),
        ("STRASSE straße", "strasse strasse"),
        ("foo-bar@example.org/path", "foo bar example org path"),
        ("हिन्दी भाषा", "हनद भष"),  # vowel signs are marks; the words stay whole
        ("مُحَمَّد", "محمد"),
        ("① 2½", "1 21 2"),
        ("…!? 🙂", ""),
    ],
)
def test_case_accents_and_punctuation_do_not_matter(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_a_giant_word_is_cut() -> None:
    assert fold("x" * 5000) == "x" * LONGEST_WORD
