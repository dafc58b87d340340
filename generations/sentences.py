"""Where sentences end, by the language's own rules.

The rules are those of `sentencex` (Wikimedia; abbreviations and marks of some 240 languages, linear time). This module
adds what it gets wrong on texts that are read aloud; each correction is a table or a pattern below, with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

import sentencex

# "No. I did not." begins with an answer; "No. 5" and "No. of rooms" do not. sentencex knows only the abbreviation.
_ANSWER = re.compile(r"No\.\s+(?![\d#]|of\b)(?=\S)")

# sentencex takes quadratic time over many opening quotation marks, so it sees a part of a long paragraph at a time.
_WINDOW, _LONGEST = 4_000, 8_000  # characters

# "Am 2. Etage", "le 3. rang", "1. kerros": in these languages a number with a full stop is an ordinal in the middle
# of a sentence far more often than the end of one. sentencex knows months, not what else is counted.
ORDINAL_LANGUAGES = frozenset(
    {
        "bs",
        "cs",
        "da",
        "de",
        "et",
        "fi",
        "fo",
        "hr",
        "hu",
        "is",
        "lb",
        "lv",
        "nb",
        "nn",
        "no",
        "pl",
        "sk",
        "sl",
        "sr",
        "tr",
    }
)
_ORDINAL_END = re.compile(r"(?:^|[\s(„“\"'«»])\d{1,3}\.\s$")

# Abbreviations that sentencex lacks and that stand before a name or a number: the sentence goes on whatever follows.
_ABBREVIATIONS = {
    "fr": frozenset({"m.", "mm.", "mme.", "mlle.", "mgr.", "pr.", "st.", "ste.", "av.", "bd.", "n.", "p.", "art."}),
    "de": frozenset({"hl.", "frl.", "str.", "sog.", "gem.", "abb.", "kap.", "ing.", "dipl.", "st."}),
    "en": frozenset({"messrs.", "mt.", "st.", "no.", "nos.", "fig.", "vol.", "pp."}),
    "es": frozenset({"d.", "dña.", "dª.", "sto.", "sta.", "avda.", "núm.", "pág.", "ee.", "uu."}),
    "it": frozenset({"sig.", "sig.ra", "dott.", "prof.", "ing.", "avv.", "s.", "pag.", "n."}),
    "pt": frozenset({"sr.", "sra.", "dr.", "dra.", "d.", "av.", "núm.", "pág."}),
    "nl": frozenset({"dhr.", "mevr.", "mw.", "nr.", "blz.", "st.", "bijv.", "o.a."}),
}
# "Nr. 5", "No. 10", "p. 3": these only when a digit follows, for "no." also ends sentences.
_BEFORE_DIGITS = frozenset({"no.", "nos.", "n.", "p.", "pp.", "fig.", "vol.", "art.", "s.", "nr.", "abb.", "kap."})


def sentence_ends(text: str, language: str) -> Iterator[int]:
    """Yield the offset behind each sentence of ``text``, rising; the last one is ``len(text)``.

    A sentence that does not end within 8,000 characters is ended there, between words if it has any.

    Args:
        text: one line or paragraph.
        language: a BCP 47 tag; a language without rules of its own gets common ones.
    """
    base = language.split("-")[0].lower()
    start, window = 0, _WINDOW
    while start < len(text):
        end = start + window
        ends = [start + offset for offset in _ends_within(text[start:end], base)]
        if end >= len(text):
            yield from ends
            return
        # The last one may only be where the window ends, so it is looked at again with what follows.
        if len(ends) > 1:
            yield from ends[:-1]
            start, window = ends[-2], _WINDOW
        elif window < _LONGEST:
            window = _LONGEST
        else:
            space = text.rfind(" ", start + 1, end)
            start, window = (space + 1 if space > 0 else end), _WINDOW
            yield start


def _ends_within(text: str, language: str) -> Iterator[int]:
    pieces = [part for piece in sentencex.segment(language, text) for part in _parts(piece, language)]
    end = 0
    for piece, following in zip_longest(pieces, pieces[1:], fillvalue=""):
        end += len(piece)
        if not (following and _goes_on(piece, following, language)):
            yield end


def _parts(piece: str, language: str) -> list[str]:
    answer = _ANSWER.match(piece) if language == "en" else None
    return [answer[0], piece[answer.end() :]] if answer else [piece]


def _goes_on(piece: str, following: str, language: str) -> bool:
    tail = piece[-24:]
    if language in ORDINAL_LANGUAGES and _ORDINAL_END.search(tail):
        return True
    word = tail.split()[-1].lower() if tail.split() else ""
    if word in _ABBREVIATIONS.get(language, ()):
        return word not in _BEFORE_DIGITS or following[:1].isdigit()
    return False
