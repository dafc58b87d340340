"""What a visitor meets behind a code: the dot, whether it can be heard now, and in which language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import prefetch_related_objects
from django.utils import timezone

from generations.languages import best_match
from generations.models import Dot, Generation, Rendition
from generations.selectors import dot_for_name
from micdots.lib.errors import Gone, NotFound
from plays.models import ListeningSettings
from plays.records import Heard

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


def heard_by_visitor(dot: Dot, rendition: Rendition) -> Heard:
    """What is written down with whatever somebody does who gets to hear this."""
    settings = ListeningSettings.objects.filter(owner_id=dot.owner_id).values_list("keeps_attributes", flat=True)
    return Heard(
        dot_id=dot.pk,
        generation_id=rendition.generation_id,
        language=rendition.language,
        keeps_attributes=settings.first() is not False,
        is_counted_down=dot.max_plays is not None,
    )


# Everything of a dot that its page shows, or that decides whether and how it is shown. Texts, captions and the like are
# in the generation, and move its ``updated_at``.
_SHOWN = (
    "code", "slug", "title", "description", "is_active", "autoplay", "starts_at", "expires_at", "max_plays", "password",
    "default_language", "link_label", "link_url", "blocked_at", "deleted_at",
)  # fmt: skip


def page_state(dot_id: int) -> tuple[Any, ...]:
    """What the play page of a dot depends on: as long as this stays the same, so does the page.

    One query by keys, without the ORM: it is asked twice a second for every dot that is being looked at.
    """
    with connection.cursor() as cursor:
        cursor.execute(_page_state_query(), [dot_id])
        return tuple(cursor.fetchall())


@cache
def _page_state_query() -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(f"dot.{quote(name)}" for name in _SHOWN)
    return f"""
        SELECT {columns}, rendition.id, generation.id, generation.updated_at, settings.keeps_attributes
        FROM {quote(Dot._meta.db_table)} dot
        LEFT JOIN {quote(Rendition._meta.db_table)} rendition ON rendition.dot_id = dot.id
        LEFT JOIN {quote(Generation._meta.db_table)} generation ON generation.id = rendition.generation_id
        LEFT JOIN {quote(ListeningSettings._meta.db_table)} settings ON settings.owner_id = dot.owner_id
        WHERE dot.id = %s ORDER BY rendition.id
    """  # noqa: S608 - nothing is put in but names out of our own models
