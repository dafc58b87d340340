"""Asking for a voice, and what its owner can do with the run until and after it is ready."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import ledger
from accounts.models import User
from generations import lifecycle, renditions, selectors, signals
from generations.bell import ring
from generations.captions import to_vtt
from generations.codes import MAX_LENGTH, MIN_LENGTH, new_code
from generations.models import Dot, Generation, Rendition, Voice
from generations.search import index_text
from generations.sources import refuse_unless_there
from generations.speech.registry import engine
from generations.text import count_characters, first_words, normalise
from generations.webvtt import parse_vtt
from micdots.lib.errors import Conflict, MicDotsError, NotFound, ValidationFailed
from micdots.lib.language_tags import canonical_language
from micdots.lib.plain_text import forbidden_character
from uploads.services import delete_objects_later

logger = logging.getLogger(__name__)

TITLE_LENGTH = 120
DEFAULT_TITLE_LENGTH = 60  # the first words: enough to know it by, short enough for a heading
SPEED_RANGE = PITCH_RANGE = (0.5, 2.0)


def request_generation(
    *,
    owner: User,
    text: str,
    voice_key: str = "",
    language: str = "",
    title: str = "",
    speed: float = 1.0,
    pitch: float = 1.0,
    engine_settings: Mapping[str, Any] | None = None,
    dot: Dot | None = None,
    request_key: UUID | None = None,
) -> Generation:
    """Charge the owner and queue one generation, on a new dot or on one of the owner's.

    Args:
        owner: who pays; the balance drops at once. What was spoken before and is still there costs nothing.
        text: as typed; it is normalised here. 1 to the voice's ``max_characters`` code points, pause marks not counted.
        voice_key: a voice id; empty for the account's default, else the installation's.
        language: a BCP 47 tag that the voice speaks; empty for the voice's own.
        title: at most 120 characters; empty for the first words. Names the new dot, with ``dot`` the generation only.
        speed, pitch: 0.5 to 2.0.
        engine_settings: the engine's own parameters.
        dot: add the voice to this dot of the owner's.
        request_key: what a form says of itself. The same again returns the first one's generation and takes nothing.

    Returns:
        The generation, ``queued``. A worker is called when the transaction has committed.

    Raises:
        ValidationFailed: names the field; nothing is saved.
        InsufficientTokens: the balance does not cover the price; nothing is saved.
        Conflict: the dot lies in the bin or is blocked.
    """
    if request_key is not None and (first := asked_before(owner, request_key)):
        return first
    # Everything that needs no lock comes before the transaction: on SQLite it would keep all other writers waiting.
    text = normalise(text)
    language = canonical(language)
    voice = selectors.pick_voice(owner=owner, key=voice_key, language=language)
    characters = _check_request(text, voice, title=title, speed=speed, pitch=pitch)
    chosen_settings = dict(engine_settings or {})
    engine(voice.engine).check_settings(chosen_settings)
    title = title.strip() or first_words(text, DEFAULT_TITLE_LENGTH)
    generation = Generation(
        owner=owner,
        voice=voice,
        title=title,
        text=text,
        language=language or voice.language,
        speed=speed,
        pitch=pitch,
        settings=chosen_settings,
        is_synthetic=voice.is_synthetic,
        characters=characters,
        request_key=request_key,
        search_text=index_text(title, text),
    )
    generation.fingerprint = fingerprint_of(generation, voice)
    try:
        return accept(generation, dot)
    except SentTwice:
        return Generation.objects.select_related("dot").get(owner=owner, request_key=request_key)


class SentTwice(Exception):
    """The same form was sent twice at the same time, and the other one was first."""


@transaction.atomic
def accept(generation: Generation, dot: Dot | None) -> Generation:
    """Save the generation on its dot and charge for it. Raises as ``request_generation``, and SentTwice."""
    owner = generation.owner
    if not lifecycle.lock_account(owner.pk):
        raise NotFound  # erased at this very moment: it must not be left with a text
    if dot is None:
        generation.dot = _new_dot(owner, generation.title)
    else:
        generation.dot = lifecycle.lock_dot(dot.pk)
        _refuse_unless_usable(generation.dot)
    generation.tokens = _price(generation)
    try:
        with transaction.atomic():
            generation.save()
    except IntegrityError:
        if generation.request_key is None:
            raise
        raise SentTwice from None
    ledger.charge(account=owner, amount=generation.tokens, reference=generation.public_id, attempt=generation.attempt)
    transaction.on_commit(partial(ring, generation.pk))
    return generation


def cancel_generation(*, generation: Generation) -> Generation:
    """Stop a queued or running generation and give its tokens back; a worker lets go within two seconds.

    Raises:
        Conflict: it has ended already, or a person is at work on it.
    """
    if lifecycle.cancel(generation):
        return generation
    if Generation.objects.running().filter(pk=generation.pk).exists():
        raise Conflict(_("A person is already recording this. Please ask for a change when it is ready."))
    raise Conflict(_("This has already ended, so there is nothing to cancel."))


@transaction.atomic
def retry_generation(*, generation: Generation) -> Generation:
    """Try a failed or cancelled generation again; it is charged again.

    Raises:
        Conflict: it has not failed and was not cancelled, its dot lies in the bin, or its voice or recording is gone.
        InsufficientTokens: nothing has changed.
    """
    _refuse_unless_usable(lifecycle.lock_dot(generation.dot_id))
    if generation.is_recording:
        refuse_unless_there(generation.upload)
    elif generation.voice is None or not generation.voice.is_available:
        raise Conflict(_("This voice is no longer available. Please pick another one."))
    if not lifecycle.queue_again(generation, tokens=_price(generation)):
        raise Conflict(_("Only what has failed or was cancelled can be tried again."))
    generation.refresh_from_db()
    ledger.charge(
        account=generation.owner, amount=generation.tokens, reference=generation.public_id, attempt=generation.attempt
    )
    transaction.on_commit(partial(ring, generation.pk))
    return generation


@transaction.atomic
def delete_generation(*, generation: Generation) -> None:
    """Delete a generation that has ended, with its object; the newest older ready one of its language takes over.

    Raises:
        Conflict: it is still running.
    """
    dot = lifecycle.lock_dot(generation.dot_id)
    row = Generation.objects.select_for_update().filter(pk=generation.pk).first()
    if row is None:
        return
    if not row.is_finished:
        raise Conflict(_("This is still being made. Cancel it first."))
    Rendition.objects.filter(generation=row).delete()
    delete_objects_later([row.audio_key])
    row.delete()
    renditions.elect(dot, row.language)
    signals.tell(signals.dot_changed, sender=Dot, dot=dot)


@transaction.atomic
def set_captions(*, generation: Generation, vtt: str) -> Generation:
    """Set the cues of a ready generation by hand.

    Raises:
        ValidationFailed: on ``captions``: not WebVTT, or the times do not fit.
        Conflict: there is no audio to caption yet.
    """
    not_ready = _("Captions can be set when the audio is ready.")
    if generation.status != Generation.Status.READY:
        raise Conflict(not_ready)
    captions = to_vtt(parse_vtt(vtt, duration=generation.duration_seconds))
    now = timezone.now()
    if (
        not Generation.objects.ready()
        .filter(pk=generation.pk)
        .update(captions=captions, captions_edited_at=now, updated_at=now)
    ):
        raise Conflict(not_ready)  # deleted since it was read
    generation.captions, generation.captions_edited_at, generation.updated_at = captions, now, now
    signals.tell(signals.dot_changed, sender=Dot, dot=generation.dot)
    return generation


def fingerprint_of(generation: Generation, voice: Voice) -> str:
    """SHA-256, in hex, over everything that shapes the sound."""
    parts = [
        voice.key,
        generation.language,
        f"{generation.speed:.3f}",
        f"{generation.pitch:.3f}",
        json.dumps(generation.settings, sort_keys=True),
        generation.text,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _price(generation: Generation) -> int:
    voice = generation.voice
    if voice is None:
        return 0  # the owner's own recording
    if selectors.spoken_before(owner=generation.owner, fingerprint=generation.fingerprint):
        return 0
    return selectors.price_of(generation.text, voice)


def asked_before(owner: User, request_key: UUID) -> Generation | None:
    """What an earlier request with this key began, with its dot."""
    return Generation.objects.filter(owner=owner, request_key=request_key).select_related("dot").first()


def _check_request(text: str, voice: Voice, *, title: str, speed: float, pitch: float) -> int:
    """Return the characters that are paid for. Raises ValidationFailed with all that is wrong at once."""
    wrong: dict[str, list[Any]] = {}
    characters = count_characters(text)
    if characters > voice.max_characters:
        wrong["text"] = [
            _("This text has %(characters)d characters and this voice takes %(limit)d. Please shorten it or split it.")
            % {"characters": characters, "limit": voice.max_characters}
        ]
    wrong |= title_trouble(title)
    for name, value, (least, most) in (("speed", speed, SPEED_RANGE), ("pitch", pitch, PITCH_RANGE)):
        if not least <= value <= most:
            wrong[name] = [_("Choose a number from %(least)s to %(most)s.") % {"least": least, "most": most}]
    if wrong:
        raise ValidationFailed(wrong)
    return characters


def title_trouble(title: str) -> dict[str, list[Any]]:
    """What is wrong with a title, as ``details`` of a ValidationFailed; empty where nothing is."""
    if forbidden_character(title):
        return {"title": [_("This holds a character that cannot be used here. Please type it again.")]}
    if len(title.strip()) > TITLE_LENGTH:
        return {"title": [_("Please use at most %(limit)d characters.") % {"limit": TITLE_LENGTH}]}
    return {}


def canonical(language: str) -> str:
    """The tag in its usual letter case: ``en-gb`` and ``en-GB`` are one language of a dot. Raises ValidationFailed."""
    try:
        return canonical_language(language) if language else ""
    except ValueError:
        raise ValidationFailed({"language": [_("This is not a language tag such as en, en-GB or es-419.")]}) from None


def _refuse_unless_usable(dot: Dot) -> None:
    if dot.deleted_at:
        raise Conflict(_("This dot is in the bin. Restore it first."))
    if dot.blocked_at:
        raise Conflict(_("This dot is blocked. Please contact the people who run this service."))


def _new_dot(owner: User, title: str) -> Dot:
    """A dot under a code that none has or ever had; longer codes when short ones run out."""
    for length in range(MIN_LENGTH, MAX_LENGTH + 1):
        for _try in range(5):
            code = new_code(length)
            try:
                with transaction.atomic():
                    return Dot.objects.create(owner=owner, code=code, title=title, search_text=index_text(title))
            except IntegrityError:
                logger.info("a new code of length %d was taken", length)
    raise MicDotsError
