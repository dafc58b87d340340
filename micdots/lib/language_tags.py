"""Language tags as BCP 47 (RFC 5646) has them: ``en``, ``en-GB``, ``zh-Hant-TW``, ``es-419``."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale

# RFC 5646, section 2.1, without the grandfathered tags: all of them have modern equivalents.
_SHAPE = re.compile(
    r"(?P<language>[a-z]{2,3})"
    r"(?P<extended>(?:-[a-z]{3}){0,3})"
    r"(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)"
    r"(?P<private>-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)
MAX_LENGTH = 35  # RFC 5646, section 4.4.1: room enough for every tag in use


# In IANA's registry of subtags, spoken by voices of the built-in engine, and without a name in the CLDR.
_UNNAMED_LANGUAGES = frozenset({"art", "hyw", "mto", "nci", "qya", "sjn"})
_UNNAMED_SCRIPTS = frozenset({"Piqd"})


@lru_cache(maxsize=1)
def _known() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Languages, scripts and regions: those that the Unicode CLDR has names for, and a few more."""
    names = Locale("en")
    languages = frozenset(name for name in map(str, names.languages) if re.fullmatch("[a-z]{2,3}", name))
    return languages | _UNNAMED_LANGUAGES, frozenset(names.scripts) | _UNNAMED_SCRIPTS, frozenset(names.territories)


@lru_cache(maxsize=1024)
def canonical_language(tag: str) -> str:
    """The tag in its usual letter case (``EN-gb`` → ``en-GB``).

    Raises:
        ValueError: the tag is not well formed, or its language, script or region does not exist.
    """
    match = _SHAPE.fullmatch(tag) if len(tag) <= MAX_LENGTH else None
    if match is None:
        raise ValueError("not a well-formed BCP 47 tag")
    languages, scripts, regions = _known()
    language = match["language"].lower()
    # qaa to qtz are reserved for private use: invented languages are tagged with them.
    if language not in languages and not re.fullmatch("q[a-t][a-z]", language):
        raise ValueError("unknown language")
    parts = [language, match["extended"].lower().strip("-")]
    if script := (match["script"] or "").title():
        if script not in scripts:
            raise ValueError("unknown script")
        parts.append(script)
    if region := (match["region"] or "").upper():
        if region not in regions:
            raise ValueError("unknown region")
        parts.append(region)
    parts += [match[name].lower().strip("-") for name in ("variants", "extensions")]
    parts.append((match["private"] or "").lower().strip("-"))
    return "-".join(part for part in parts if part)


def primary_language(tag: str) -> str:
    """``en-GB`` → ``en``."""
    return tag.split("-", 1)[0].lower()
