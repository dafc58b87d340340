"""Celery entry points."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from dashboard import weekly


@shared_task(time_limit=600)
def send_weekly_mails() -> None:
    """Send the weekly figures to those whose Monday morning has come."""
    weekly.send_due_mails(timezone.now())
