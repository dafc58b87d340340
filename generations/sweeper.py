"""Finds again what a lost message or a killed worker left behind. Runs often, in as many processes as there are.

It leaves alone what awaits a person: that row waits for the studio, not for a worker.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from generations import lifecycle
from generations.bell import ring
from generations.models import Generation
from uploads.services import delete_objects_later

logger = logging.getLogger(__name__)

# So many rows of a kind are looked at in one sweep. The oldest come first, and a queue that is merely long is not
# filled up with bells for rows that will not be taken for an hour.
AT_MOST = 200


@dataclass
class Swept:
    """What one sweep did."""

    taken_back: int = 0  # from workers that went away
    given_up: int = 0  # too many workers have died of it
    rung_again: int = 0  # waited, and nobody came
    cleared: int = 0  # objects of runs that came to nothing


def sweep() -> Swept:
    """Queue again what lost its worker, ring again for what nobody came for, clear away what ended runs have left."""
    swept = Swept()
    _take_from_lost_workers(swept)
    _ring_again(swept)
    _clear_left_objects(swept)
    return swept


def _take_from_lost_workers(swept: Swept) -> None:
    lost = Generation.objects.filter(
        status=Generation.Status.PROCESSING, awaiting="", lease_until__lt=timezone.now()
    ).without_bulk()
    for generation in lost.order_by("lease_until")[:AT_MOST]:
        if generation.losses + 1 >= settings.GENERATION_MAX_LOSSES:
            if lifecycle.give_up(generation, "INTERNAL_ERROR"):
                logger.error("generation %d: given up after %d lost workers", generation.pk, generation.losses + 1)
                swept.given_up += 1
        elif lifecycle.take_from_lost_worker(generation):
            logger.warning("generation %d: its worker went away; queued again", generation.pk)
            ring(generation.pk, first=True)
            swept.taken_back += 1


def _ring_again(swept: Swept) -> None:
    now = timezone.now()
    patience = timedelta(seconds=settings.GENERATION_QUEUE_PATIENCE_SECONDS)
    waiting = Generation.objects.filter(
        status=Generation.Status.QUEUED, awaiting="", not_before__lte=now, rung_at__lt=now - patience
    )
    for pk in list(waiting.order_by("not_before", "pk").values_list("pk", flat=True)[:AT_MOST]):
        # Of several sweepers one rings.
        if waiting.filter(pk=pk).update(rung_at=now):
            ring(pk)
            swept.rung_again += 1


def _clear_left_objects(swept: Swept) -> None:
    """Let go of the objects of failed and cancelled runs, once no worker can be at work on them any more."""
    ended = [Generation.Status.FAILED, Generation.Status.CANCELLED]
    before = timezone.now() - timedelta(seconds=2 * settings.GENERATION_LEASE_SECONDS)
    left = Generation.objects.filter(status__in=ended, finished_at__lt=before).exclude(audio_key="")
    for pk, key in list(left.order_by("finished_at").values_list("pk", "audio_key")[:AT_MOST]):
        with transaction.atomic():
            # Tried again in the meantime: then the next run writes to this key, and it stays.
            if Generation.objects.filter(pk=pk, status__in=ended, audio_key=key).update(audio_key=""):
                delete_objects_later([key])
                swept.cleared += 1
