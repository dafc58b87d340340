"""What a language is called, in the language of the person who reads it."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language, gettext, override

from micdots.lib.language_tags import primary_language


def language_name(tag: str, reader: str | None = None) -> str:
    """``en-GB`` → “English (United Kingdom)”, or “Englisch (Vereinigtes Königreich)” for a German reader.

    Args:
        tag: a BCP 47 tag. A part that has no name is left out; without any name the tag itself is the answer.
        reader: the language to answer in; default: the one that is active.
    """
    return _name(tag, reader or get_language() or "en")


def primary_language_name(tag: str, reader: str | None = None) -> str:
    """``en-GB`` → “English”."""
    return _name(primary_language(tag), reader or get_language() or "en")


@lru_cache(maxsize=2048)
def _name(tag: str, reader: str) -> str:
    names = _names(reader)
    primary, *rest = tag.split("-")
    language = names.languages.get(primary.lower())
    if primary == "art":  # CLDR has no name for them
        with override(reader):
            language = gettext("Constructed languages")
    if not language:
        return tag
    details = []
    for part in rest:
        if len(part) == 1:  # extensions and private use have no names
            break
        if name := names.scripts.get(part.title()) or names.territories.get(part.upper()):
            details.append(name)
    # CLDR gives most names in the middle of a sentence (“français”); here they begin a line.
    language = language[:1].upper() + language[1:]
    return f"{language} ({', '.join(details)})" if details else language


@lru_cache(maxsize=32)
def _names(reader: str) -> Locale:
    try:
        return Locale.parse(reader, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")
