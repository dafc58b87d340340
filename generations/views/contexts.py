"""What a dot's page shows. The page and the fragments that keep it up to date are built from the same context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.translation import gettext as _

from generations.exceptions import failure_message
from generations.models import Dot, Generation, Rendition
from generations.player import Player, player_for
from micdots.lib.language_names import language_name
from micdots.lib.site_address import Reach, reach_of

VERSIONS_A_PAGE = 20


@dataclass(frozen=True)
class Making:
    """How far a generation is, in words. The same for screen readers, which hear ``milestone`` only when it changes."""

    generation: Generation
    language: str
    text: str  # beside the bar, as exact as it gets
    milestone: str  # five different ones over a whole run


@dataclass(frozen=True)
class Playing:
    """A language that the dot plays."""

    generation: Generation
    language: str  # its name
    voice: str
    is_default: bool


@dataclass(frozen=True)
class Version:
    """A generation as a line in the dot's history."""

    generation: Generation
    language: str
    voice: str
    plays: bool  # the one that its language plays today
    trouble: str  # why it failed; empty if it did not


def making_of(generation: Generation) -> Making:
    """Say how far a queued or running generation is."""
    language = language_name(generation.language)
    if generation.status == Generation.Status.QUEUED:
        text = _("Waiting for its turn…")
        milestone = _("%(language)s: waiting for its turn.") % {"language": language}
    else:
        text = _("Being spoken: %(percent)d %% done.") % {"percent": generation.progress}
        if generation.is_recording:
            text = _("The recording is being prepared: %(percent)d %% done.") % {"percent": generation.progress}
        quarter = generation.progress // 25 * 25
        milestone = _("%(language)s: %(percent)d %% done.") % {"language": language, "percent": quarter}
        if quarter == 0:
            milestone = _("%(language)s: being spoken.") % {"language": language}
            if generation.is_recording:
                milestone = _("%(language)s: the recording is being prepared.") % {"language": language}
    return Making(generation, language, text, milestone)


def ended_sentence(generation: Generation) -> str:
    """What is announced when a generation has come to its end."""
    language = language_name(generation.language)
    sentences = {
        Generation.Status.READY: _("%(language)s is ready."),
        Generation.Status.FAILED: _("%(language)s could not be made. The tokens are back."),
        Generation.Status.CANCELLED: _("%(language)s was cancelled. The tokens are back."),
    }
    if not generation.tokens:
        sentences |= {
            Generation.Status.FAILED: _("%(language)s could not be made."),
            Generation.Status.CANCELLED: _("%(language)s was cancelled."),
        }
    return sentences[Generation.Status(generation.status)] % {"language": language}


def dot_context(dot: Dot, *, language: str = "", versions_page: str | int = 1) -> dict[str, Any]:
    """Everything that the dot's page shows.

    Args:
        dot: with its renditions, their generations and voices prefetched.
        language: the rendition that the player is for; one that the dot does not have gives its default.
        versions_page: which page of the history; nonsense is the first.
    """
    history = dot.generations.without_bulk().select_related("voice").order_by("-created_at", "-pk")
    versions: Page[Generation] = Paginator(history, VERSIONS_A_PAGE).get_page(versions_page)
    playing = [_playing(rendition, dot) for rendition in dot.renditions.all()]
    playing.sort(key=lambda one: (not one.is_default, one.language))
    shown = next((one for one in playing if one.generation.language == language), playing[0] if playing else None)
    played = {one.generation.pk for one in playing}
    return {
        "dot": dot,
        "making": [making_of(row) for row in _unfinished(dot)],
        "trouble": _trouble(dot),
        "playing": playing,
        "shown": shown,
        "player": shown and _player(shown.generation),
        "versions": [_version(row, plays=row.pk in played) for row in versions],
        "versions_page": versions,
        "reach_warning": reach_warning(),
        "days_in_bin": settings.DELETED_DOT_DAYS,
    }


def reach_warning() -> str:
    """What stands beside a code that phones cannot open; empty where they can."""
    reach = reach_of(settings.SITE_URL)
    if reach is Reach.THIS_MACHINE:
        return _(
            "Phones cannot open this code yet: MicDots runs at an address that only this computer knows. "
            "Set SITE_URL to a public address before you print."
        )
    if reach is Reach.SAME_NETWORK:
        return _(
            "Only phones in the same network can open this code. "
            "Set SITE_URL to a public address before you print it for everybody."
        )
    return ""


def _unfinished(dot: Dot) -> list[Generation]:
    rows = dot.generations.without_bulk().select_related("voice")
    return list(rows.filter(status__in=[Generation.Status.QUEUED, Generation.Status.PROCESSING]).order_by("created_at"))


def _trouble(dot: Dot) -> Version | None:
    """The dot's newest generation, if it came to nothing: it is told at the top, with what can be done."""
    newest = dot.generations.without_bulk().select_related("voice").order_by("-created_at", "-pk").first()
    if newest and newest.status in (Generation.Status.FAILED, Generation.Status.CANCELLED):
        return _version(newest, plays=False)
    return None


def _playing(rendition: Rendition, dot: Dot) -> Playing:
    return Playing(
        generation=rendition.generation,
        language=language_name(rendition.language),
        voice=_voice_of(rendition.generation),
        is_default=rendition.language == dot.default_language,
    )


def _player(generation: Generation) -> Player:
    """For the owner: also while the dot is paused or behind a password, and without counting a play."""
    return player_for(
        generation,
        audio_url=reverse("generations:audio", args=[generation.public_id]),
        captions_url=reverse("generations:captions-file", args=[generation.public_id]),
    )


def _version(generation: Generation, *, plays: bool) -> Version:
    failed = generation.status == Generation.Status.FAILED
    return Version(
        generation=generation,
        language=language_name(generation.language),
        voice=_voice_of(generation),
        plays=plays,
        trouble=str(failure_message(generation.error_code, is_recording=generation.is_recording)) if failed else "",
    )


def _voice_of(generation: Generation) -> str:
    return generation.voice.label if generation.voice else _("your recording")
