"""Which language tag goes with which: matching of BCP 47 tags (RFC 4647)."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation.trans_real import parse_accept_lang_header


def speaks(voice_language: str, wanted: str) -> bool:
    """Whether a voice of one language can be asked for another: the same, or one is the broader form of the other.

    ``en-GB`` and ``en`` go together either way; ``en-GB`` and ``en-US`` do not.
    """
    voice, want = voice_language.lower().split("-"), wanted.lower().split("-")
    shorter = min(len(voice), len(want))
    return voice[:shorter] == want[:shorter]


def covers(wanted: str, language: str) -> bool:
    """Whether a filter for ``wanted`` finds ``language``: ``es`` finds ``es`` and every ``es-…``."""
    wanted, language = wanted.lower(), language.lower()
    return language == wanted or language.startswith(wanted + "-")


def best_match(wanted: Iterable[str], offered: Iterable[str]) -> str | None:
    """The first of the wanted languages that is offered: exactly, then as a broader or narrower form, then by language.

    Args:
        wanted: tags, the most wanted first.
        offered: tags; the answer is one of them.

    Returns:
        The offered tag, or None where nothing goes together.
    """
    offered = list(offered)
    for want in wanted:
        for fits in (_same, speaks, _same_language):
            if found := next((tag for tag in offered if fits(tag, want)), None):
                return found
    return None


def accepted_languages(header: str) -> list[str]:
    """The tags of an ``Accept-Language`` header, the most wanted first; `*` and what is malformed are left out."""
    return [tag for tag, _quality in parse_accept_lang_header(header[:500]) if tag != "*"]


def _same(offered: str, want: str) -> bool:
    return offered.lower() == want.lower()


def _same_language(offered: str, want: str) -> bool:
    return offered.lower().split("-")[0] == want.lower().split("-")[0]
