"""What a file looks like before it is opened: a small picture, the first page or lines, the waveform of a sound.

Made by a worker.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path

import numpy as np
from celery import current_app
from django.conf import settings
from django.utils import timezone

from micdots.lib.waveform import Waveform
from uploads.examination import as_file
from uploads.exceptions import ObjectNotFound, StorageError
from uploads.inspection.families import FAMILIES
from uploads.models import File
from uploads.services.objects import delete_objects_later
from uploads.storage import new_key, store

logger = logging.getLogger(__name__)

# Larger ones are not fetched for a small picture.
_MOST_BYTES = 100 * 1024**2
_EXCERPT_BYTES = 8 * 1024
_EXCERPT_LINES = 40
_DRAW_SECONDS = 30
_TEXTS = ("text/plain", "text/csv")
_SOUNDS = tuple(kind for kind, family in FAMILIES.items() if family == "sound" and kind.startswith("audio/"))
_HEAR_SECONDS = 300  # of the clock; the child's own limit is on its time at work
_SAMPLES = 1 << 16  # bytes read at a time
# Whoever sends a recording asks for a dot from it next. Where there is only one worker, the dot is not to wait.
_SOUND_WAITS = 10.0  # seconds
# Content type → what draws it, and what the picture is called.
_DRAWERS = {
    "image/png": ("image", File.PreviewKind.IMAGE),
    "image/jpeg": ("image", File.PreviewKind.IMAGE),
    "image/svg+xml": ("svg", File.PreviewKind.IMAGE),
    "application/pdf": ("page", File.PreviewKind.PAGE),
}
# Those that nothing was made of within a day are left alone: something is wrong with them. Not sounds, which may be
# older than waveforms are: they have one more try, a few a run of the calling task, with time for other work between.
_GIVEN_UP = timedelta(days=1)
_OLD_AT_A_TIME = 20
_OLD_SPACING = 25.0  # seconds; the last is called for before the next run, ten minutes later
_PATIENCE = timedelta(minutes=5)


def has_preview(content_type: str) -> bool:
    """Whether there is something to make of a file of this type."""
    return content_type in _DRAWERS or content_type in _TEXTS or content_type in _SOUNDS


def wait_for(content_type: str) -> float:
    """Seconds that a worker leaves a new file of this type alone."""
    return _SOUND_WAITS if content_type in _SOUNDS else 0


def ring_for_preview(file_id: int, *, after_seconds: float = 0) -> None:
    """Call a worker. A broker that is down loses nothing: ``ring_for_missing`` calls again."""
    try:
        current_app.send_task("uploads.tasks.make_preview", [file_id], countdown=after_seconds or None, retry=False)
    except Exception:  # whatever a broker raises, the row is saved and found again
        logger.exception("no worker could be called for the preview of file %d", file_id)


def ring_for_missing() -> int:
    """Call for the files whose call was lost, and for old sounds without a waveform. Returns how many those are."""
    now = timezone.now()
    rows = File.objects.living().filter(
        preview_made_at__isnull=True,
        created_at__range=(now - _GIVEN_UP, now - _PATIENCE),
        content_type__in=[*_DRAWERS, *_TEXTS, *_SOUNDS],
    )
    missing = list(rows.values_list("pk", flat=True)[:500])
    for file_id in missing:
        ring_for_preview(file_id)
    old_sounds = File.objects.living().filter(
        preview_made_at__isnull=True, created_at__lt=now - _GIVEN_UP, content_type__in=_SOUNDS
    )
    old = list(old_sounds.order_by("pk").values_list("pk", flat=True)[:_OLD_AT_A_TIME])
    for place, file_id in enumerate(old):
        ring_for_preview(file_id, after_seconds=place * _OLD_SPACING)
    return len(missing) + len(old)


def make_preview(file_id: int) -> None:
    """Make what there is to make of a file. Again: nothing more happens.

    A file that cannot be drawn stays without; a storage that is down leaves it for the next call.

    Raises:
        StorageError: nothing has changed.
    """
    file = File.objects.living().filter(pk=file_id, preview_made_at__isnull=True).select_related("upload").first()
    if file is None:
        return
    last_try = file.created_at < timezone.now() - _GIVEN_UP
    untried = File.objects.filter(pk=file.pk, preview_made_at__isnull=True)
    # Marked before it begins: a sound that brings the worker down would be called for again and again.
    if last_try and not untried.update(preview_made_at=timezone.now()):
        return
    try:
        if file.content_type in _TEXTS:
            _finish(file, text_excerpt=_first_lines(file))
        elif file.content_type in _SOUNDS:
            _finish(file, peaks=_peaks(file))
        elif file.content_type in _DRAWERS and file.bytes <= _MOST_BYTES:
            _draw(file)
        else:
            _finish(file)
    except ObjectNotFound:
        logger.warning("file %d has no object to make a preview of", file.pk)
    except StorageError:
        if last_try:
            File.objects.filter(pk=file.pk).update(preview_made_at=None)
        raise


def _first_lines(file: File) -> str:
    with store().open(file.upload.key, 0, _EXCERPT_BYTES) as stream:
        # The last character may be cut in the middle.
        text = stream.read().decode("utf-8-sig", "ignore").replace("\x00", "")
    return "\n".join(text.splitlines()[:_EXCERPT_LINES])


def _peaks(file: File) -> list[int]:
    """The waveform; empty where nothing of the file can be decoded, or not in time."""
    command = [sys.executable, "-B", "-E", "-s", "-m", "uploads.inspection.hear", file.content_type, str(os.getpid())]
    waveform = Waveform()
    with (
        as_file(store(), file.upload.key) as sound,
        subprocess.Popen(  # noqa: S603 - our own program; the arguments are a known type and a number
            command,
            stdin=sound,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env={"LC_ALL": "C.UTF-8"},  # without ours, which holds secrets
        ) as child,
    ):
        patience = threading.Timer(_HEAR_SECONDS, child.kill)
        patience.daemon = True
        patience.start()
        try:
            while child.stdout and (data := child.stdout.read(_SAMPLES)):
                waveform.add(np.frombuffer(data[: len(data) // 2 * 2], np.int16))
        except BaseException:
            child.kill()
            raise
        finally:
            patience.cancel()
    if child.returncode:
        logger.info("the sound of file %d was heard with code %d", file.pk, child.returncode)
        return []  # half of it would look like all of it
    return waveform.peaks()


def _draw(file: File) -> None:
    drawer, kind = _DRAWERS[file.content_type]
    with tempfile.TemporaryDirectory(prefix="micdots-preview-") as folder:
        path = Path(folder) / "source"
        with store().open(file.upload.key) as stream, path.open("wb") as copy:
            for chunk in stream:
                copy.write(chunk)
        picture = _picture_of(drawer, path)
    if not picture:
        logger.info("file %d cannot be drawn", file.pk)
        _finish(file)
        return
    # The key is on the row before the object is in the storage, so every object belongs to a row.
    key = new_key("previews", "jpg")
    File.objects.filter(pk=file.pk, preview_key="").update(preview_key=key)
    file.refresh_from_db(fields=["preview_key"])
    info = store().put(file.preview_key, picture, "image/jpeg")
    _finish(file, preview_kind=kind, preview_bytes=info.size_bytes)


def _picture_of(drawer: str, path: Path) -> bytes:
    """A JPEG, or nothing where the file cannot be drawn."""
    command = [sys.executable, "-I", str(Path(__file__).with_name("draw_child.py")), drawer, str(path)]
    try:
        # Without our environment, which holds secrets.
        child = subprocess.run(command, capture_output=True, timeout=_DRAW_SECONDS, env={}, check=False)  # noqa: S603 - no shell, and nothing of it comes from a person
    except subprocess.TimeoutExpired:
        return b""
    return child.stdout if child.returncode == 0 else b""


def _finish(file: File, **fields: object) -> None:
    done = File.objects.stored().filter(pk=file.pk).update(preview_made_at=timezone.now(), **fields)
    if not done:  # it went for good in the meantime, and does not know of this picture any more
        delete_objects_later([file.preview_key])
