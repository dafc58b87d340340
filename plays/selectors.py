"""What a visitor meets behind a code: the dot, whether it can be heard now, and in which language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db.models import prefetch_related_objects
from django.utils import timezone

from generations.languages import best_match
from generations.models import Dot, Generation, Rendition
from generations.selectors import dot_for_name
from micdots.lib.errors import Gone, NotFound

# Codes and slugs, present and former, in any letter case. Anything else need not trouble the database.
_NAME = re.compile(r"[A-Za-z0-9-]{3,60}", re.ASCII)


def find_dot(name: str) -> Dot:
    """The dot behind a code or a slug, with its renditions.

    Raises:
        NotFound: there is none, and there never was.
    """
    dot = dot_for_name(name) if _NAME.fullmatch(name) else None
    if dot is None:
        raise NotFound
    prefetch_related_objects([dot], "renditions")
    return dot


def check_heard(dot: Dot, *, may_finish: bool = False) -> None:
    """Make sure that the dot can be heard now.

    Args:
        may_finish: whoever asks was on the page when there were plays left.

    Raises:
        Gone: it cannot; ``reason`` is the dot's status.
    """
    status = dot.status_at(timezone.now())
    if status == Dot.Status.LIVE or (may_finish and status == Dot.Status.USED_UP):
        return
    raise Gone(status)


def choose_rendition(dot: Dot, *, asked: str = "", accepted: Sequence[str] = ()) -> Rendition:
    """What a visitor gets to hear: the language that was asked for, else the best that they read, else the dot's own.

    Args:
        asked: a language tag out of the address, or empty. One that the dot does not speak is passed over.
        accepted: the visitor's languages, the most wanted first.
    """
    renditions = {rendition.language: rendition for rendition in dot.renditions.all()}
    wanted = [tag for tag in (asked, *accepted) if tag]
    language = best_match(wanted, renditions) or dot.default_language
    return renditions.get(language) or next(iter(renditions.values()))


def heard_generation(rendition: Rendition) -> Generation:
    """The generation with everything that the page shows of it."""
    return Generation.objects.defer("search_text", "settings").get(pk=rendition.generation_id)
