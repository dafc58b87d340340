"""Calling a worker. The message says only "look at this row", so it may be lost, late or delivered twice."""

from __future__ import annotations

import logging

from celery import current_app
from django.conf import settings

logger = logging.getLogger(__name__)


def ring(generation_id: int, *, after_seconds: float = 0, first: bool = False) -> None:
    """Call a worker for a generation. A broker that is down loses nothing: the sweeper calls again.

    Args:
        first: do not let it wait behind those that have never had their turn.
    """
    _send("generations.tasks.fulfil", generation_id, after_seconds, queue=settings.AGAIN_QUEUE if first else None)


def ring_for_voices(after: int = 0) -> None:
    """Call a worker to prepare the next voice whose key is above ``after``."""
    _send("generations.tasks.prepare_voices", after, 0)


def _send(task: str, pk: int, after_seconds: float, queue: str | None = None) -> None:
    try:
        # By name: the tasks import the work, and the work must be able to ring.
        current_app.send_task(task, [pk], countdown=after_seconds or None, queue=queue, retry=False)
    except Exception:  # whatever a broker raises, the row is saved and found again
        logger.exception("no worker could be called with %s(%d)", task, pk)
