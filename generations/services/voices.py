"""The catalogue of voices, kept in line with what the engines offer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from generations.bell import ring_for_voices
from generations.models import Voice
from generations.speech.base import EngineError
from generations.speech.registry import engines
from generations.voice_preparation import unprepared_voices
from micdots.lib.errors import ValidationFailed

logger = logging.getLogger(__name__)


@dataclass
class Synced:
    """What one sync changed."""

    added: int = 0
    updated: int = 0
    withdrawn: int = 0  # no longer offered; kept, because generations name them
    to_prepare: int = 0  # without a gain or a preview; a worker was called for them


def sync_voices() -> Synced:
    """Bring the catalogue into line with the engines, and have a worker prepare what has no preview yet.

    What staff may set by hand (price, limit) is taken from the engine only when a voice is new. An engine that cannot
    be reached keeps its voices as they are.
    """
    synced = Synced()
    for engine in engines().values():
        try:
            offered = {voice.name: voice for voice in engine.voices()}
        except EngineError:
            logger.warning("the catalogue of %s could not be read; its voices stay as they are", engine.name)
            continue
        known = {voice.name: voice for voice in Voice.objects.filter(engine=engine.name)}
        new = [
            Voice(
                key=info.id,
                engine=info.engine,
                name=info.name,
                label=info.label,
                language=info.language,
                gender=info.gender,
                kind=info.kind,
                tokens_per_character=info.tokens_per_character,
                max_characters=info.max_characters,
            )
            for name, info in offered.items()
            if name not in known
        ]
        Voice.objects.bulk_create(new, ignore_conflicts=True)  # conflicts: another process syncs at the same time
        synced.added += len(new)
        for name, voice in known.items():
            info = offered.get(name)
            if info is None:
                synced.withdrawn += Voice.objects.filter(pk=voice.pk, is_available=True).update(is_available=False)
                continue
            fresh = {"label": info.label, "language": info.language, "gender": info.gender, "is_available": True}
            if any(getattr(voice, field) != value for field, value in fresh.items()):
                Voice.objects.filter(pk=voice.pk).update(**fresh)
                synced.updated += 1
    synced.to_prepare = unprepared_voices().count()
    if synced.to_prepare:
        ring_for_voices()
    return synced


def set_voice_terms(*, voice: Voice, tokens_per_character: Decimal, max_characters: int) -> Voice:
    """Set what staff decide about a voice. What is queued keeps the price that was taken for it.

    Args:
        tokens_per_character: 0 or more; 0 makes the voice free.
        max_characters: 1 or more; the longest text that it takes.

    Raises:
        ValidationFailed: one of the two is out of range.
    """
    wrong: dict[str, list[str]] = {}
    if tokens_per_character < 0:
        wrong["tokens_per_character"] = [_("Choose a number from 0.")]
    if max_characters < 1:
        wrong["max_characters"] = [_("Choose a whole number from 1.")]
    if wrong:
        raise ValidationFailed(wrong)
    voice.tokens_per_character, voice.max_characters = tokens_per_character, max_characters
    voice.save(update_fields=["tokens_per_character", "max_characters", "updated_at"])
    return voice
