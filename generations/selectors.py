"""Reads: what lists contain, what is found by which name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from django.conf import settings
from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from generations.languages import speaks
from generations.models import Dot, DotSlug, Generation, Rendition, Voice
from generations.search import search
from generations.text import count_characters
from micdots.lib.errors import ValidationFailed

_VOICE_ID = re.compile(r"[a-z0-9-]+:[a-z0-9._-]+")

# --- Voices ---------------------------------------------------------------------------------------------------------


def voices(*, language: str = "", engine: str = "", kind: str = "", query: str = "") -> QuerySet[Voice]:
    """The available voices, by language, then name.

    Args:
        language: ``es`` finds ``es`` and every ``es-…``.
        query: words that occur in name, language tag or id.
    """
    rows = Voice.objects.filter(is_available=True)
    if language:
        rows = rows.filter(Q(language__iexact=language) | Q(language__istartswith=f"{language}-"))
    if engine:
        rows = rows.filter(engine=engine)
    if kind:
        rows = rows.filter(kind=kind)
    for word in query.split():
        rows = rows.filter(Q(label__icontains=word) | Q(language__icontains=word) | Q(key__icontains=word))
    return rows


def voice_with_preview(key: str) -> Voice | None:
    """An available voice by its id, if its sample is there."""
    # Its shape first: there are strings that a database does not take for a question.
    if not _VOICE_ID.fullmatch(key):
        return None
    return voices().filter(key=key).exclude(preview_recorded_at=None).first()


def voice_by_key(key: str) -> Voice:
    """An available voice by its id. Raises ValidationFailed on ``voice``."""
    # Its shape first, as above.
    known = Voice.objects.filter(key=key, is_available=True) if _VOICE_ID.fullmatch(key) else Voice.objects.none()
    voice = known.first()
    if voice is None:
        raise ValidationFailed({"voice": [_unknown_voice()]})
    return voice


def pick_voice(*, owner: User, key: str = "", language: str = "") -> Voice:
    """The voice for a request: the one that was named, else the account's default, else the installation's.

    Args:
        key: a voice id, or empty.
        language: a BCP 47 tag that the voice has to speak, or empty.

    Raises:
        ValidationFailed: on ``voice`` for an unknown voice or one that does not speak the language; on ``language``
            where no voice speaks it.
    """
    if key:
        voice = voice_by_key(key)
        if language and not speaks(voice.language, language):
            raise ValidationFailed({"voice": [_does_not_speak(voice, language)]})
        return voice
    for default in (owner.default_voice, settings.DEFAULT_VOICE):
        candidate = Voice.objects.filter(key=default, is_available=True).first() if default else None
        if candidate and (not language or speaks(candidate.language, language)):
            return candidate
    primary = language.split("-")[0]
    synthetic = voices(language=primary, kind=Voice.Kind.SYNTHETIC)  # nobody is made to record by a default
    fitting = [voice for voice in synthetic if speaks(voice.language, language)] if language else []
    if not fitting:
        raise ValidationFailed({"language": [_nobody_speaks(language)]} if language else {"voice": [_unknown_voice()]})
    # The plain voice before its variants, whose names are longer; the broader tag before the narrower one.
    return min(fitting, key=lambda voice: (len(voice.language), len(voice.name), voice.key))


def _unknown_voice() -> str:
    return gettext("There is no such voice. Pick one from the list of voices.")


def _does_not_speak(voice: Voice, language: str) -> str:
    return gettext("%(voice)s does not speak %(language)s. Pick another voice or leave the language out.") % {
        "voice": voice.label,
        "language": language,
    }


def _nobody_speaks(language: str) -> str:
    return gettext("No voice here speaks %(language)s.") % {"language": language}


# --- Prices ---------------------------------------------------------------------------------------------------------


def price_of(text: str, voice: Voice) -> int:
    """The tokens that speaking a normalised text costs: characters × the voice's rate, rounded up."""
    tokens = Decimal(count_characters(text)) * voice.tokens_per_character
    return int(tokens.to_integral_value(rounding=ROUND_CEILING))


def spoken_before(*, owner: User, fingerprint: str) -> Generation | None:
    """A ready generation of the same account that sounds the same, if possible one whose captions nobody has edited.

    Its frames are copied instead of spoken again.
    """
    rows = Generation.objects.ready().filter(owner=owner, fingerprint=fingerprint).exclude(audio_key="")
    return rows.order_by(F("captions_edited_at").asc(nulls_first=True), "pk").first()


# --- Lists ----------------------------------------------------------------------------------------------------------


def generations_for(
    user: User,
    *,
    status: str = "",
    query: str = "",
    language: str = "",
    dot: Dot | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> QuerySet[Generation]:
    """The account's generations, unordered (paging orders). ``language``: ``en`` finds every ``en-…`` too."""
    rows = Generation.objects.owned_by(user).select_related("dot", "voice").without_bulk().defer("dot__search_text")
    # Hardly any replaces another: those that do are looked up, instead of joining the table with itself for all.
    rows = rows.prefetch_related(Prefetch("replaces", Generation.objects.only("public_id")))
    if status:
        rows = rows.filter(status=status)
    if language:
        rows = rows.filter(Q(language__iexact=language) | Q(language__istartswith=f"{language}-"))
    if dot is not None:
        rows = rows.filter(dot=dot)
    if created_after is not None:
        rows = rows.filter(created_at__gt=created_after)
    if created_before is not None:
        rows = rows.filter(created_at__lt=created_before)
    return search(rows, query)


def dots_for(
    user: User, *, query: str = "", tag: str = "", status: str = "", language: str = "", deleted: bool | None = None
) -> QuerySet[Dot]:
    """The account's dots, unordered (paging orders), with what a list shows of them.

    Args:
        deleted: True for the bin only, False for what is not in it. None follows ``status``: the bin when that is
            ``deleted``, else what is not in it.
    """
    # A list shows who speaks and for how long, and leaves the texts where they are: each may have 100,000 characters.
    renditions = Rendition.objects.select_related("generation__voice").only(
        "dot", "language", "generation__public_id", "generation__duration_ms", "generation__voice"
    )
    rows = Dot.objects.owned_by(user).prefetch_related(Prefetch("renditions", renditions), "tag_rows")
    rows = rows.defer("search_text")
    if deleted is None:
        deleted = status == Dot.Status.DELETED
    rows = rows.in_bin() if deleted else rows.not_in_bin()
    if status:
        rows = rows.with_status(status, timezone.now())
    if tag:
        rows = rows.filter(tag_rows__name=tag)
    if language:
        rows = rows.filter(
            pk__in=Dot.objects.filter(
                Q(renditions__language__iexact=language) | Q(renditions__language__istartswith=f"{language}-")
            ).values("pk")
        )
    return search(rows, query)


@dataclass(frozen=True)
class Makings:
    """How far the voices of some dots are; the dots' keys."""

    running: frozenset[int]  # something is being made for them
    failed: frozenset[int]  # nothing plays, nothing is being made, and what was begun has come to nothing


def makings_of(dots: Collection[Dot]) -> Makings:
    """Say which of these dots, with their renditions prefetched, wait for a voice."""
    rows = Generation.objects.filter(dot__in=[dot.pk for dot in dots]).exclude(status=Generation.Status.READY)
    found = set(rows.values_list("dot_id", "status").distinct()) if dots else set()
    ended = (Generation.Status.FAILED, Generation.Status.CANCELLED)
    running = frozenset(dot_id for dot_id, status in found if status not in ended)
    fruitless = {dot_id for dot_id, _status in found} - running
    return Makings(running, frozenset(dot.pk for dot in dots if dot.pk in fruitless and not dot.renditions.all()))


def dot_for_name(name: str) -> Dot | None:
    """The dot that a visitor means by a code or a present or former slug, in any letter case."""
    # Without the search line, which holds the dot's texts once more: this is asked with every scan.
    dots = Dot.objects.defer("search_text")
    if dot := dots.filter(code=name.upper()).first():
        return dot
    slug = DotSlug.objects.filter(slug=name.lower()).select_related("dot").first()
    return slug.dot if slug else None
