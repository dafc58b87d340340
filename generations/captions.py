"""Captions: the text, cut to size and timed.

One cue a sentence; a sentence above 200 characters is cut at clauses or words. Cues rise and do not overlap. Together
they are the text: with all whitespace removed on both sides, the cues' texts put together equal the normalised text
without its pause marks (line breaks inside a wrapped sentence become spaces, because a caption is one line).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from generations.text import Sentence, split
from generations.webvtt import Cue, parse_vtt, to_vtt

__all__ = ["Cue", "SpokenSentence", "cues_for", "cut", "parse_vtt", "spread", "to_vtt"]

CUE_CHARACTERS = 200  # a longer sentence is cut

# Each cue's share of the time must lie within 0.3 to 3 times its share of the characters, so that the text that is
# shown never runs far ahead of the voice or behind it. A margin is kept for rounding and for pauses between cues.
_SHARE_MIN, _SHARE_MAX = 0.34, 2.6
_ROUNDS = 50  # more than it ever takes

# Where a long sentence is cut, best first: behind a clause's mark, else between words.
_CLAUSE_END = re.compile(r"[,;:،؛、，；：—–)\]»”][\"'”’)]*\s+|[、，；：，]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class SpokenSentence:
    """Where a sentence is heard."""

    sentence: Sentence
    start: float  # seconds from the beginning of the audio
    end: float  # seconds; equal to start where it gave no sound
    marks: Sequence[tuple[int, float]] = ()  # words: (characters from the sentence's start, seconds from the audio's)


def cut(text: str, limit: int = CUE_CHARACTERS) -> list[tuple[int, int]]:
    """Cut a sentence into stretches of at most ``limit`` characters: ``(start, end)`` each, without outer whitespace.

    At the last clause that fits, else between words, else (one giant word) hard.
    """
    stretches: list[tuple[int, int]] = []
    start, length = 0, len(text)
    while length - start > limit:
        window = text[start : start + limit + 1]
        # Not right at the beginning: a caption of two words before a comma reads worse than one cut between words.
        clauses = [found.end() for found in _CLAUSE_END.finditer(window, limit // 3) if found.end() <= limit + 1]
        if clauses:
            length_now = clauses[-1]
        else:
            spaces = [found.end() for found in _SPACE.finditer(window, 1)]
            length_now = spaces[-1] if spaces else _hard_cut(text, start, limit)
        stretches.append(_trim(text, start, start + length_now))
        start += length_now
    stretches.append(_trim(text, start, length))
    return [stretch for stretch in stretches if stretch[0] < stretch[1]]


def _hard_cut(text: str, start: int, limit: int) -> int:
    """Return where to cut a giant word: if that can be, not before what belongs to the letter in front of it."""
    for length in range(limit, limit - 20, -1):
        following = text[start + length]
        if not (_belongs_to_previous(following) or text[start + length - 1] == "\u200d"):
            return length
    return limit


def _belongs_to_previous(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc", "Me", "Cf"} or "\U0001f3fb" <= character <= "\U0001f3ff"


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def cues_for(spoken: Iterable[SpokenSentence], *, duration: float, paused: float = 0.0) -> list[Cue]:
    """Return the captions of a spoken text.

    A cue begins when its first word is heard. Where that would give it less than 0.3 or more than 3 times the time that
    its length deserves (an emoji's long name, a heading in another script, a line without any sound), it is lengthened
    into its neighbours' time or ends early, and the next cues return to the voice as soon as they can.

    Args:
        spoken: the sentences in order.
        duration: seconds of the whole audio.
        paused: seconds of it that are pauses which the text asked for; they belong to no cue.
    """
    texts: list[str] = []
    heard: list[tuple[float, float]] = []
    for sentence in spoken:
        stretches = cut(sentence.sentence.text)
        times = _times(sentence, [start for start, _ in stretches])
        texts += [" ".join(sentence.sentence.text[start:end].split()) for start, end in stretches]
        heard += pairwise([*times, sentence.end])
    times_fitted = _fit(heard, [len(text) for text in texts], duration=duration, voiced=max(duration - paused, 0.0))
    return [Cue(start, end, text) for (start, end), text in zip(times_fitted, texts, strict=True)]


def spread(text: str, language: str, duration: float) -> list[Cue]:
    """Return captions whose time follows their length alone: for a recording with a typed transcript.

    Args:
        text: a normalised text; its pause marks are left out.
        language: BCP 47 tag.
        duration: seconds of the recording; cues fill it without gaps.
    """
    sentences = [segment for segment in split(text, language) if isinstance(segment, Sentence)]
    total = sum(len(sentence.text) for sentence in sentences)
    spoken, before = [], 0
    for sentence in sentences:
        start, before = before, before + len(sentence.text)
        spoken.append(SpokenSentence(sentence, duration * start / total, duration * before / total))
    return _readable(cues_for(spoken, duration=duration))


def _readable(cues: list[Cue], shortest: float = 0.05) -> list[Cue]:
    """Join cues that would be gone in a blink: a long transcript beside a recording of a second."""
    joined: list[Cue] = []
    for cue in cues:
        if joined and joined[-1].end - joined[-1].start < shortest:
            cue = Cue(joined[-1].start, cue.end, f"{joined.pop().text} {cue.text}")
        joined.append(cue)
    return joined


def _times(spoken: SpokenSentence, offsets: Sequence[int]) -> list[float]:
    """Return when the characters at ``offsets`` are heard: at a word's mark, between marks by length."""
    known = [(0, spoken.start)]
    for offset, seconds in spoken.marks:
        # An engine's marks are taken as far as they rise; a wrong one must not turn the time back.
        if offset > known[-1][0] and known[-1][1] <= seconds <= spoken.end:
            known.append((offset, seconds))
    known.append((max(len(spoken.sentence.text), known[-1][0] + 1), spoken.end))
    times, index = [], 0
    for offset in offsets:
        while index + 2 < len(known) and known[index + 1][0] <= offset:
            index += 1
        (left, left_time), (right, right_time) = known[index], known[index + 1]
        times.append(left_time + (right_time - left_time) * min(max(offset - left, 0) / (right - left), 1.0))
    return times


def _fit(
    heard: Sequence[tuple[float, float]], weights: Sequence[int], *, duration: float, voiced: float
) -> list[tuple[float, float]]:
    """Keep each cue's share of the time within bounds of its share of the characters, moving as little as possible.

    The lower bound is taken of ``voiced``, the upper one of the cues' time together: so both hold, however a share is
    reckoned.
    """
    characters = sum(weights)
    shortest = [_SHARE_MIN * voiced * weight / characters for weight in weights]
    # Cues that are cut short make the cues' time together shorter, which lowers the bound again, until it settles.
    together = voiced
    for _round in range(_ROUNDS):
        longest = [_SHARE_MAX * together * weight / characters for weight in weights]
        fitted = _place(heard, shortest, longest, duration)
        before, together = together, sum(end - start for start, end in fitted)
        if together > 0.98 * before:
            break
    return [(round(start, 3), max(round(end, 3), round(start, 3) + 0.001)) for start, end in fitted]


def _place(
    heard: Sequence[tuple[float, float]], shortest: Sequence[float], longest: Sequence[float], duration: float
) -> list[tuple[float, float]]:
    """Place each cue where it is heard, within its bounds, behind the one before and with room for the next ones."""
    fitted: list[tuple[float, float]] = []
    still_needed = sum(shortest)
    end = 0.0
    for (heard_start, heard_end), low, high in zip(heard, shortest, longest, strict=True):
        latest_start = duration - still_needed
        still_needed -= low
        start = max(min(heard_start, latest_start), end)
        end = max(start + low, min(heard_end, start + high, duration - still_needed))
        fitted.append((start, end))
    return fitted
