"""The long work itself: a queued generation becomes an MP3 with captions, a waveform and a printed code.

Its sound is copied from one that was made of the same, or spoken, or made from its owner's recording.

Called by the task. It may die at any moment: whatever it has done until then is either on the row, or overwritten by
the next run, or swept. Network and storage are never touched inside a database transaction.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from typing import Any, BinaryIO, cast

from django.conf import settings

from generations import lifecycle
from generations.audio.tags import Tags, retag
from generations.captions import spread
from generations.drawing import draw_qr
from generations.models import Generation
from generations.qr import QrUnreadable
from generations.recording import RecordingError, make_from_recording
from generations.selectors import spoken_before
from generations.speech.base import ENGINE_UNAVAILABLE, EngineError, SpeechRequest
from generations.speech.registry import engine
from generations.text import split
from generations.voice_preparation import gain_of
from generations.voicing import Stopped, make_voice
from generations.webvtt import to_vtt
from micdots.lib.errors import Gone
from uploads.services import delete_objects_later
from uploads.storage import CHUNK_BYTES, ObjectNotFound, ObjectStream, StorageError, new_key, store

logger = logging.getLogger(__name__)

SPOKEN_PERCENT = 95  # how far the bar has come when everything is spoken; storing and the code are the rest
LONGEST_WAIT = 600  # seconds; a vendor may ask for more, but nobody looks at a bar for a day
WRITE_EVERY_SECONDS = 0.5  # how often progress is written, the lease renewed and a cancel seen


class Lost(Exception):
    """The run is no longer ours: cancelled, or another worker has it."""


def fulfil(generation_id: int) -> float | None:
    """Make the voice of one generation, if it is there to be made.

    Returns:
        Seconds after which to try again, where a fault may pass; else None. Never raises for what goes wrong with one
        generation: that is on its row.
    """
    generation = lifecycle.claim(generation_id)
    if generation is None:
        return None
    try:
        _make(generation)
    except (Lost, Gone):
        _forget(generation)
        return None
    except EngineError as error:
        logger.warning("generation %d: %s", generation.pk, error.code, exc_info=not error.permanent)
        return _failed(generation, error.code, permanent=error.permanent, retry_after=error.retry_after)
    except RecordingError as error:
        logger.warning("generation %d: %s", generation.pk, error.code, exc_info=not error.permanent)
        return _failed(generation, error.code, permanent=error.permanent)
    except StorageError as error:
        logger.warning("generation %d: STORAGE_FAILED", generation.pk, exc_info=True)
        return _failed(generation, "STORAGE_FAILED", permanent=error.permanent)
    except OSError:
        # The temporary file: a full disk.
        logger.warning("generation %d: STORAGE_FAILED", generation.pk, exc_info=True)
        return _failed(generation, "STORAGE_FAILED", permanent=False)
    except QrUnreadable:
        logger.exception("generation %d: its printed code cannot be read", generation.pk)
        return _failed(generation, "INTERNAL_ERROR", permanent=True)
    except Exception:  # a bug must end as a failed row with its tokens back, not as a row that waits for ever
        logger.exception("generation %d: INTERNAL_ERROR", generation.pk)
        return _failed(generation, "INTERNAL_ERROR", permanent=False)
    return None


def _make(generation: Generation) -> None:
    watch = _Watch(generation)
    with tempfile.TemporaryFile(prefix="micdots-") as audio:
        make = _record if generation.is_recording else _speak
        sound = _copy(generation, audio, watch) or make(generation, audio, watch)
        generation.audio_key = generation.audio_key or new_key("audio", "mp3")
        if not lifecycle.renew(generation, audio_key=generation.audio_key, progress=SPOKEN_PERCENT):
            raise Lost
        audio.seek(0)
        stored = store().put(generation.audio_key, watch.reading(audio), "audio/mpeg")
    draw_qr(generation.dot)
    finished = lifecycle.finish(
        generation,
        lifecycle.Result(audio_key=generation.audio_key, audio_bytes=stored.size_bytes, sound=sound),
    )
    if not finished:
        raise Lost


def _speak(generation: Generation, out: BinaryIO, watch: _Watch) -> lifecycle.Sound:
    """Speak the text into ``out``. Raises EngineError, OSError, Lost."""
    voice = generation.voice
    if voice is None:
        raise EngineError(ENGINE_UNAVAILABLE, permanent=True)
    speaker = engine(voice.engine)
    request = SpeechRequest(
        segments=split(generation.text, generation.language),
        voice_name=voice.name,
        speed=generation.speed,
        pitch=generation.pitch,
        settings=generation.settings,
    )
    try:
        made = make_voice(
            speaker,
            request,
            gain_db=gain_of(voice),
            tags=tags_of(generation),
            out=out,
            on_progress=watch.progressed,
            should_stop=watch.is_lost,
        )
    except Stopped:
        raise Lost from None
    return lifecycle.Sound(
        duration_ms=round(made.duration_seconds * 1000), captions=to_vtt(made.cues), peaks=made.peaks
    )


def _record(generation: Generation, out: BinaryIO, watch: _Watch) -> lifecycle.Sound:
    """Make the owner's recording into an MP3 in ``out``. Raises RecordingError, StorageError, OSError, Lost."""
    if generation.upload is None:
        raise RecordingError("INVALID_AUDIO")  # it has been erased, and nothing can bring it back
    # Decoders go back and forth in a file, and look at it more than once.
    with tempfile.TemporaryFile(prefix="micdots-") as source:
        with store().open(generation.upload.key) as stream:
            shutil.copyfileobj(watch.reading(stream), source, CHUNK_BYTES)
        source.flush()
        try:
            made = make_from_recording(
                source,
                tags=tags_of(generation),
                out=out,
                most_seconds=settings.MAX_RECORDING_SECONDS,
                on_progress=watch.progressed,
                should_stop=watch.is_lost,
            )
        except Stopped:
            raise Lost from None
    return lifecycle.Sound(
        duration_ms=round(made.duration_seconds * 1000),
        captions=_captions_by_length(generation, made.duration_seconds),
        peaks=made.peaks,
    )


def _captions_by_length(generation: Generation, duration: float) -> str:
    """The transcript as WebVTT, until its owner sets the times by hand; without a transcript: no cues."""
    return to_vtt(spread(generation.text, generation.language, duration) if generation.text else [])


def _copy(generation: Generation, out: BinaryIO, watch: _Watch) -> lifecycle.Sound | None:
    """Copy the encoded frames of the same, made before, under tags of their own. None where there is no such one."""
    twin = spoken_before(owner=generation.owner, fingerprint=generation.fingerprint)
    if twin is None or twin.duration_ms is None:
        return None
    if twin.captions_edited_at and not generation.is_recording:
        # What somebody has set by hand there is not meant for here, and when the words are heard is known only while
        # they are spoken. So they are, for no more tokens than the copy.
        return None
    try:
        with store().open(twin.audio_key) as source:
            retag(watch.reading(source), out, tags_of(generation))
    except (ObjectNotFound, ValueError):
        logger.error("the object of ready generation %d is not in the storage, or cut off; making it again", twin.pk)
        out.seek(0)
        out.truncate()
        return None
    captions = twin.captions
    if generation.is_recording:  # it may come with another transcript, or the captions there were set by hand
        captions = _captions_by_length(generation, twin.duration_ms / 1000)
    return lifecycle.Sound(duration_ms=twin.duration_ms, captions=captions, peaks=twin.peaks)


def tags_of(generation: Generation) -> Tags:
    """What the MP3 says about itself."""
    return Tags(
        title=generation.title,
        artist=generation.voice.label if generation.voice else "",  # who speaks in a recording, nobody has said
        comment=generation.dot.play_url,
        language=generation.language,
        synthetic=generation.is_synthetic,
    )


class _Watch:
    """Writes progress, renews the lease and sees a cancel, at most every half second."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.percent = 0
        self.lost = False
        self.written_at = time.monotonic()

    def progressed(self, done: int, total: int) -> None:
        self.percent = SPOKEN_PERCENT * done // max(total, 1)
        self._write()

    def is_lost(self) -> bool:
        self._write()
        return self.lost

    def reading(self, file: BinaryIO | ObjectStream) -> BinaryIO:
        """The same file; whoever takes long over reading it keeps the lease. Its ``read`` raises Lost."""
        return cast("BinaryIO", _Watched(file, self))

    def _write(self) -> None:
        now = time.monotonic()
        if self.lost or now - self.written_at < WRITE_EVERY_SECONDS:
            return
        self.written_at = now
        self.lost = not lifecycle.renew(self.generation, progress=self.percent)


class _Watched:
    """A file that is read under watch: a large one takes longer to a slow storage than a lease lasts."""

    def __init__(self, file: BinaryIO | ObjectStream, watch: _Watch) -> None:
        self._file = file
        self._watch = watch

    def read(self, size: int = -1, /) -> bytes:
        if self._watch.is_lost():
            raise Lost
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _failed(generation: Generation, code: str, *, permanent: bool, retry_after: float | None = None) -> float | None:
    """Queue again with back-off, or end the attempt when trying again cannot help any more."""
    if permanent or generation.failures + 1 >= settings.GENERATION_MAX_ATTEMPTS:
        delay: float | None = None
        moved = lifecycle.fail(generation, code)
    else:
        delay = max(settings.GENERATION_RETRY_SECONDS * 2**generation.failures, min(retry_after or 0, LONGEST_WAIT))
        moved = lifecycle.put_back(generation, delay_seconds=delay)
    if not moved:
        _forget(generation)
        return None
    return delay


def _forget(generation: Generation) -> None:
    """Clear away what a run that is no longer ours may have put into the storage.

    While the row names the key, the object is the row's: another worker's, or the sweeper's to clear after a cancel.
    Once it does not (the row is gone, or was swept), nobody else would ever find the object.
    """
    key = generation.audio_key
    if key and not Generation.objects.filter(pk=generation.pk, audio_key=key).exists():
        delete_objects_later([key])
