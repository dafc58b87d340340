"""Voices as people look for them: by the names of languages in their own language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generations import selectors
from generations.models import Voice
from micdots.lib.folding import fold
from micdots.lib.language_names import primary_language_name
from micdots.lib.language_tags import primary_language


@dataclass(frozen=True)
class LanguageVoices:
    """The voices of one language with all its regions."""

    language: str  # primary tag: "en"
    name: str  # in the reader's language: "English"
    voices: list[Voice]


def by_language(voices: Iterable[Voice]) -> list[LanguageVoices]:
    """Group voices by primary language; languages by name, voices in the order they come in."""
    groups: dict[str, list[Voice]] = {}
    for voice in voices:
        groups.setdefault(primary_language(voice.language), []).append(voice)
    named = [LanguageVoices(tag, primary_language_name(tag), group) for tag, group in groups.items()]
    return sorted(named, key=lambda group: (fold(group.name), group.language))


def find_voices(*, query: str = "", gender: str = "", engine: str = "", kind: str = "") -> list[Voice]:
    """The available voices that fit.

    Args:
        query: words; each must begin a word of the voice's name, its id, or its language's name in the reader's
            language, in English or in the language itself (``deutsch`` and ``german`` both find ``de``).
    """
    rows = selectors.voices(engine=engine, kind=kind)
    if gender:
        rows = rows.filter(gender=gender)
    words = fold(query).split()
    return [voice for voice in rows if _has_words(voice, words)] if words else list(rows)


def voice_choices(rows: Iterable[Voice]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Voices for a `<select>`, in groups, one a language."""
    return [(group.name, [(voice.key, voice.label) for voice in group.voices]) for group in by_language(rows)]


def _has_words(voice: Voice, words: list[str]) -> bool:
    tag = primary_language(voice.language)
    names = [primary_language_name(tag), primary_language_name(tag, "en"), primary_language_name(tag, tag)]
    known = fold(" ".join([voice.label, voice.key, voice.language, *names])).split()
    return all(any(candidate.startswith(word) for candidate in known) for word in words)
