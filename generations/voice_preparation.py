"""What a worker does for each voice when the catalogue is synced: measure its loudness, record its preview."""

from __future__ import annotations

import logging
import tempfile

from django.conf import settings
from django.db.models import Q, QuerySet

from generations.audio.tags import Tags
from generations.models import Voice
from generations.previews import preview_text
from generations.speech.base import EngineError, SpeechRequest
from generations.speech.registry import engine
from generations.text import split
from generations.voicing import make_voice, measure_gain
from uploads.storage import StorageError, new_key, store

logger = logging.getLogger(__name__)


def gain_of(voice: Voice) -> float:
    """The voice's gain in dB; measured now, once, where that has not been done yet. Raises EngineError."""
    if voice.gain_db is None:
        text = preview_text(voice.language)
        voice.gain_db = measure_gain(engine(voice.engine), voice.name, text, voice.language)
        voice.save(update_fields=["gain_db", "updated_at"])
    return voice.gain_db


def prepare_next(*, after: int) -> int | None:
    """Prepare the first unprepared voice whose key is above ``after``. Returns its key, or None when there is none.

    A voice that cannot be prepared now is passed over; the next sync comes back to it.
    """
    unprepared = unprepared_voices().filter(pk__gt=after).order_by("pk")
    voice_id = unprepared.values_list("pk", flat=True).first()
    if voice_id is None:
        return None
    try:
        prepare_voice(voice_id=voice_id)
    except (EngineError, StorageError, OSError):
        logger.warning("voice %d could not be prepared; the next sync will try again", voice_id, exc_info=True)
    return voice_id


def unprepared_voices() -> QuerySet[Voice]:
    """Available synthetic voices without a gain or a preview."""
    return Voice.objects.filter(
        Q(gain_db=None) | Q(preview_recorded_at=None), kind=Voice.Kind.SYNTHETIC, is_available=True
    )


def prepare_voice(*, voice_id: int) -> None:
    """Measure a synthetic voice and record its preview, if it has none. Does nothing for a voice that is gone.

    Raises:
        EngineError: the engine does not speak now; the next sync tries again.
        StorageError: the preview could not be stored; so does it.
    """
    voice = Voice.objects.filter(pk=voice_id, kind=Voice.Kind.SYNTHETIC).first()
    if voice is None or (voice.preview_recorded_at and voice.gain_db is not None):
        return
    if not voice.preview_key:
        Voice.objects.filter(pk=voice.pk, preview_key="").update(preview_key=new_key("audio", "mp3"))
        voice.refresh_from_db(fields=["preview_key"])
    text = preview_text(voice.language)
    with tempfile.TemporaryFile(prefix="micdots-") as audio:
        make_voice(
            engine(voice.engine),
            SpeechRequest(segments=split(text, voice.language), voice_name=voice.name),
            gain_db=gain_of(voice),
            tags=Tags(title=voice.label, artist=settings.SITE_NAME, language=voice.language, synthetic=True),
            out=audio,
        )
        audio.seek(0)
        stored = store().put(voice.preview_key, audio, "audio/mpeg")
    voice.preview_recorded_at, voice.preview_bytes = stored.modified_at, stored.size_bytes
    voice.save(update_fields=["preview_recorded_at", "preview_bytes", "updated_at"])
