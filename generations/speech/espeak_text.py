"""Sentences as libespeak-ng takes them."""

from __future__ import annotations

import re
import struct
import unicodedata
from bisect import bisect_right
from functools import cache, lru_cache

# The library drops the end of a run of letters without a space that is longer than its word buffer (some 100
# characters, fewer of other scripts), and of digits sooner still.
_LONGEST_RUN, _LONGEST_DIGITS = 40, 24

_MOST_SOUNDS = 700
_CLAUSE_MARKS = frozenset(".,;:!?。、，；：！？،؛؟।")

_LONG_RUN = re.compile(rf"\S{{{_LONGEST_DIGITS + 1},}}")


class Prepared:
    """A sentence with whitespace as plain spaces, and a space in runs that are too long for the library."""

    def __init__(self, text: str) -> None:
        self._added: list[int] = []  # where spaces were put, in the prepared text
        text = "".join(" " if character.isspace() else character for character in text)
        pieces: list[str] = []
        done = 0
        for run in _LONG_RUN.finditer(text):
            start = run.start()
            while (cut := _cut_run(text, start, run.end())) < run.end():
                pieces += [text[done:cut], " "]
                self._added.append(cut + len(self._added))
                start = done = cut
        self.text = "".join([*pieces, text[done:]])

    def original(self, position: int) -> int:
        """Return the offset in the sentence for one in the prepared text."""
        return position - bisect_right(self._added, position)

    def utterances(self, own_scripts: frozenset[str]) -> list[tuple[int, str]]:
        """Cut the prepared text where the library would lose its end: ``(offset, text)`` each.

        The library keeps a clause's sounds in a list of 1,000. Ordinary clauses never fill it and stay whole, but
        digits, emoji and letters of another script are spoken as whole words each.

        Args:
            own_scripts: names of the scripts that the voice reads, see ``scripts_of``.
        """
        found: list[tuple[int, str]] = []
        start = sounds = 0
        for position, character in enumerate(self.text):
            sounds = 0 if character in _CLAUSE_MARKS else sounds + _sounds_of(character, own_scripts)
            if sounds > _MOST_SOUNDS and not (position + 1 < len(self.text) and _is_joined(self.text, position + 1)):
                space = self.text.rfind(" ", max(start, position - _LONGEST_RUN), position)
                cut = space + 1 if space > start else position + 1
                found.append((start, self.text[start:cut]))
                sounds = sum(_sounds_of(left, own_scripts) for left in self.text[cut : position + 1])
                start = cut
        if start < len(self.text) or not found:
            found.append((start, self.text[start:]))
        return found


def frame(text: str) -> bytes:
    """Return an utterance as the child reads it: its length and UTF-8."""
    data = text.encode()
    return struct.pack("<I", len(data)) + data


@cache
def scripts_of(sample: str) -> frozenset[str]:
    """Return the names of the scripts of a sample's letters, and Latin: what a voice that says the sample can read."""
    return frozenset({"LATIN", *(_script_of(character) for character in sample if character.isalpha())})


def _script_of(character: str) -> str:
    return unicodedata.name(character, "?").split(" ", 1)[0]


@lru_cache(maxsize=4096)
def _sounds_of(character: str, own_scripts: frozenset[str]) -> int:
    """Return about how many sounds a character becomes at most."""
    category = unicodedata.category(character)
    if category == "Nd":
        return 8
    if category in ("So", "Sm", "Sc", "Sk", "No", "Nl") or character in "%&@#*\\^~|":
        return 25
    if category.startswith("L"):
        script = _script_of(character)
        if script not in own_scripts:
            return 16
        return 6 if script in ("CJK", "HANGUL") else 1
    return 1


def _cut_run(text: str, start: int, end: int) -> int:
    """Return where to cut ``text[start:end]``: behind a sign, else where no letter loses its accent; or its end."""
    digits = text[start : start + _LONGEST_DIGITS + 1]
    longest = _LONGEST_DIGITS if digits.isdecimal() else _LONGEST_RUN
    if end - start <= longest:
        return end
    places = range(start + longest, start + longest // 2, -1)
    for cut in places:
        if not text[cut - 1].isalnum() and text[cut].isalnum() and not _is_joined(text, cut):
            return cut
    return next((cut for cut in places if not _is_joined(text, cut)), start + longest)


def _is_joined(text: str, cut: int) -> bool:
    """Whether what stands at ``cut`` belongs to the character before it."""
    following = unicodedata.category(text[cut])
    return following.startswith("M") or following in ("Cf", "Sk") or text[cut - 1] == "\u200d"
