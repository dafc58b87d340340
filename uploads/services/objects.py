"""Letting go of objects."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from uploads.models import DoomedObject
from uploads.storage import StorageError, store

logger = logging.getLogger(__name__)


def delete_objects_later(keys: Iterable[str], not_before: datetime | None = None, *, by_worker: bool = False) -> None:
    """Delete these objects once the caller's transaction has committed.

    The keys are noted in that transaction, so a crash before or during the deletion leaves a row that
    :func:`delete_doomed_objects` finds. Empty keys are passed over.

    Args:
        not_before: until then an address can still put something under the keys; they are deleted once more after it.
        by_worker: a worker deletes them, for many of them while somebody waits; not with ``not_before``.
    """
    doomed = [DoomedObject(key=key, not_before=not_before) for key in set(keys) if key]
    if not doomed:
        return
    if not_before is None:
        DoomedObject.objects.bulk_create(doomed, ignore_conflicts=True)
    else:
        DoomedObject.objects.bulk_create(
            doomed, update_conflicts=True, unique_fields=["key"], update_fields=["not_before"]
        )
    transaction.on_commit(_ring if by_worker else partial(delete_doomed_objects, [row.key for row in doomed]))


def _ring() -> None:
    """Call a worker. A broker that is down loses nothing: the periodic task finds the rows."""
    try:
        current_app.send_task("uploads.tasks.delete_doomed_objects", retry=False)
    except Exception:  # whatever a broker raises
        logger.exception("no worker could be called to delete objects")


def delete_doomed_objects(keys: Iterable[str] | None = None) -> int:
    """Delete the objects that were let go of: these, or all whose time has come. Returns how many are gone for good.

    A storage that is down is told in the log and tried again by the periodic task.
    """
    now = timezone.now()
    if keys is None:
        rows = DoomedObject.objects.filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
    else:
        rows = DoomedObject.objects.filter(key__in=list(keys))
    gone = 0
    for row in rows.iterator():
        try:
            store().delete(row.key)
        except StorageError:
            logger.warning("object not deleted, will be tried again: doomed object %s", row.pk, exc_info=True)
            continue
        if row.not_before is None or row.not_before <= now:
            row.delete()
            gone += 1
    return gone


def remove_unfinished_objects() -> int:
    """Clear away what was being written when a process was killed. Returns how many that were.

    A day is longer than any upload takes, in parts or in one.
    """
    return store().remove_unfinished(older_than_seconds=24 * 3600)
