"""Asking for a dot from a recording that its owner has uploaded."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from generations.models import Dot, Generation
from generations.search import index_text
from generations.services.making import (
    DEFAULT_TITLE_LENGTH,
    SentTwice,
    accept,
    asked_before,
    canonical,
    title_trouble,
)
from generations.sources import refuse_unless_there
from generations.text import count_characters, first_words, normalise
from micdots.lib.errors import NotFound, ValidationFailed
from micdots.lib.plain_text import forbidden_character
from uploads.models import Upload

TRANSCRIPT_LENGTH = 100_000  # code points, as the built-in voices take
# Part of every fingerprint: raised when recordings come out differently, so that no old MP3 is copied for a new one.
_WAY_OF_MAKING = "recording 1"


def request_recording(
    *,
    owner: User,
    upload: Upload,
    language: str,
    text: str = "",
    title: str = "",
    dot: Dot | None = None,
    request_key: UUID | None = None,
) -> Generation:
    """Queue one generation from an uploaded recording, on a new dot or on one of the owner's. It costs no tokens.

    Args:
        owner: whose upload and dot these are.
        upload: a completed upload of an audio type.
        language: the BCP 47 tag of what is heard; needed.
        text: the transcript as typed, at most ``TRANSCRIPT_LENGTH`` code points; empty for none. Its captions follow
            its length until they are set by hand.
        title: at most 120 characters; empty for the transcript's first words, else the file's name.
        dot, request_key: as ``request_generation``.

    Returns:
        The generation, ``queued``. A worker is called when the transaction has committed.

    Raises:
        NotFound: the upload is somebody else's.
        ValidationFailed: names the field (``upload_id``, ``language``, ``text``, ``title``); nothing is saved.
        Conflict: the upload is not completed, its file is in the bin or gone; the dot lies in the bin or is blocked.
    """
    if request_key is not None and (first := asked_before(owner, request_key)):
        return first
    text, language = _check(owner, upload, language=language, text=text, title=title)
    title = title.strip() or first_words(text, DEFAULT_TITLE_LENGTH) or _title_of(upload)
    generation = Generation(
        owner=owner,
        upload=upload,
        source=Generation.Source.UPLOAD,
        is_synthetic=False,
        title=title,
        text=text,
        language=language,
        characters=count_characters(text),
        request_key=request_key,
        search_text=index_text(title, text),
        fingerprint=fingerprint_of(upload),
    )
    try:
        return accept(generation, dot)
    except SentTwice:
        return Generation.objects.select_related("dot").get(owner=owner, request_key=request_key)


def fingerprint_of(upload: Upload) -> str:
    """SHA-256, in hex, over what shapes the sound: the same file again is copied, not made once more."""
    return hashlib.sha256(json.dumps([_WAY_OF_MAKING, upload.sha256]).encode()).hexdigest()


def _check(owner: User, upload: Upload, *, language: str, text: str, title: str) -> tuple[str, str]:
    """Return the normalised transcript and the canonical language. Raises as ``request_recording``."""
    if upload.owner_id != owner.pk:
        raise NotFound
    wrong: dict[str, list[Any]] = {}
    if not upload.content_type.startswith("audio/"):
        wrong["upload_id"] = [_("This is no recording. Upload an MP3, WAV, M4A, Ogg, WebM or FLAC file.")]
    elif upload.duration_ms is not None and upload.duration_ms > 1000 * settings.MAX_RECORDING_SECONDS:
        minutes = round(settings.MAX_RECORDING_SECONDS / 60)
        wrong["upload_id"] = [_("A recording may last %(minutes)d minutes at most.") % {"minutes": minutes}]
    if not language:
        wrong["language"] = [_("Say which language is heard, for example en-GB.")]
    else:
        try:
            language = canonical(language)
        except ValidationFailed as error:
            wrong |= error.details
    if text.strip():
        try:
            text = normalise(text)
        except ValidationFailed as error:
            wrong |= error.details
    else:
        text = ""
    if len(text) > TRANSCRIPT_LENGTH:
        wrong["text"] = [_("Please use at most %(limit)d characters.") % {"limit": TRANSCRIPT_LENGTH}]
    wrong |= title_trouble(title)
    if wrong:
        raise ValidationFailed(wrong)
    refuse_unless_there(upload)
    return text, language


def _title_of(upload: Upload) -> str:
    """The file's name without its extension, where that is fit to be read."""
    name = upload.file_name.rpartition(".")[0] or upload.file_name
    name = "" if forbidden_character(name) else " ".join(name.replace("_", " ").split())
    return first_words(name, DEFAULT_TITLE_LENGTH) or str(_("Recording"))
