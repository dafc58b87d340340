"""Celery entry points. A message is only a bell: the row says what there is to do."""

from __future__ import annotations

from celery import shared_task

from generations import pipeline, search, services, sweeper, voice_preparation
from generations.bell import ring, ring_for_voices


@shared_task
def fulfil(generation_id: int) -> None:
    again_in = pipeline.fulfil(generation_id)
    if again_in is not None:
        ring(generation_id, after_seconds=again_in)


@shared_task
def sweep() -> None:
    sweeper.sweep()


@shared_task
def prepare_voices(after: int = 0) -> None:
    """One voice, then a bell for the next: so a generation that somebody waits for gets its turn in between."""
    prepared = voice_preparation.prepare_next(after=after)
    if prepared is not None:
        ring_for_voices(prepared)


@shared_task
def purge_deleted_dots() -> None:
    """The hourly upkeep: what comes and goes in the bin changes the size of the tables."""
    services.purge_deleted_dots()
    search.refresh_statistics()
