"""What beat runs for the API's own tables."""

from celery import shared_task

from micdots.api.idempotency import purge_answers
from micdots.api.limits import purge_counters


@shared_task
def purge() -> None:
    """Delete counters whose window is over and answers older than a day."""
    purge_counters()
    purge_answers()
