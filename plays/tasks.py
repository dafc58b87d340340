"""Celery entry points."""

from __future__ import annotations

from celery import shared_task

from plays import services


@shared_task(time_limit=300)
def tidy() -> None:
    """Destroy what would tell visitors apart for longer than it is needed."""
    services.tidy()
