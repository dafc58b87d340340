"""Which way a language is written."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale, UnknownLocaleError

from micdots.lib.language_tags import primary_language

_RIGHT_TO_LEFT_SCRIPTS = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})


@lru_cache(maxsize=512)
def text_direction(tag: str) -> str:
    """``rtl`` or ``ltr``, for the ``dir`` attribute, by the tag's script or else its language's usual one."""
    script = next((part.lower() for part in tag.split("-")[1:] if len(part) == 4 and part.isalpha()), "")
    if script:
        return "rtl" if script in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    try:
        return str(Locale.parse(primary_language(tag)).text_direction)
    except (ValueError, UnknownLocaleError):
        return "ltr"
