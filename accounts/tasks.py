"""What workers do for accounts."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task

from accounts import housekeeping, mail_delivery

MAIL_ATTEMPTS = 6  # over about half an hour
MAIL_RETRY_SECONDS = 60


@shared_task(bind=True, max_retries=MAIL_ATTEMPTS - 1)
def deliver_mail(self: Task[Any, Any], log_id: int, recipient: str, context: dict[str, Any]) -> None:
    """Send one mail; a fault that may pass is tried again after 1, 2, 4, 8 and 16 minutes."""
    error = mail_delivery.deliver(log_id=log_id, recipient=recipient, context=context)
    if error is None:
        return
    if self.request.retries >= MAIL_ATTEMPTS - 1:
        mail_delivery.give_up(log_id=log_id)
        return
    raise self.retry(
        countdown=MAIL_RETRY_SECONDS * 2**self.request.retries,
        argsrepr=f"({log_id}, …)",
        # The error's text may quote the address, and Celery logs what it is given here.
        exc=RuntimeError(f"mail {log_id}: {type(error).__name__}"),
    )


@shared_task
def tidy() -> None:
    """Once a day: what has run out goes."""
    housekeeping.tidy()
