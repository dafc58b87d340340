"""Which generation a dot plays in which language. The callers' transaction holds the dot's lock."""

from __future__ import annotations

from generations.models import Dot, Generation, Rendition
from generations.search import index_text


def elect(dot: Dot, language: str) -> Rendition | None:
    """Let the dot play the newest *requested* ready generation of a language; with none, it loses the language.

    Requested, not finished: of two versions that are made at once the later wish wins, whichever is ready first.
    """
    newest = (
        Generation.objects.ready().filter(dot=dot, language=language).order_by("-created_at", "-pk").only("pk").first()
    )
    if newest is None:
        Rendition.objects.filter(dot=dot, language=language).delete()
        rendition = None
    else:
        # The dot's lock keeps others out, so this needs no savepoints of its own as update_or_create() would make.
        rendition = Rendition.objects.filter(dot=dot, language=language).first() or Rendition(
            dot=dot, language=language
        )
        rendition.generation = newest
        rendition.save()
    _follow(dot)
    return rendition


def refresh_search_text(dot: Dot) -> None:
    """Bring the dot's line in the full-text index up to date: title, description, tags, and the texts that play."""
    texts = Generation.objects.filter(rendition__dot=dot).values_list("text", flat=True)
    tags = dot.tag_rows.values_list("name", flat=True)
    dot.search_text = index_text(dot.title, dot.description, *tags, *texts)
    dot.save(update_fields=["search_text"])


def _follow(dot: Dot) -> None:
    languages = list(Rendition.objects.filter(dot=dot).order_by("created_at", "pk").values_list("language", flat=True))
    if languages and dot.default_language not in languages:
        dot.default_language = languages[0]
        dot.save(update_fields=["default_language", "updated_at"])
    refresh_search_text(dot)
