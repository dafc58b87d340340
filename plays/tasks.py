"""Celery entry points."""

from __future__ import annotations

from celery import shared_task

from accounts.models import User
from plays import rebuilding, retention


@shared_task(time_limit=300)
def tidy() -> None:
    """Destroy what would tell visitors apart for longer than it is needed, and what is needed for some days only."""
    retention.tidy()


@shared_task(time_limit=3600)
def drop_old_events() -> None:
    """Drop the raw events of months that are over for long enough."""
    retention.drop_old_events()


@shared_task(time_limit=3600)
def rebuild_account(account_id: int) -> None:
    """Cut an account's days anew, in the time zone that it has now. Again: the same once more."""
    for pk in rebuilding.dots_to_rebuild(account=User.objects.get(pk=account_id)).values_list("pk", flat=True):
        rebuilding.rebuild_dot(pk)


@shared_task(time_limit=3600)
def mend_zones() -> None:
    """Cut the days anew that a lost message left in the time zone of before."""
    for pk in rebuilding.dots_in_another_zone():
        rebuilding.rebuild_dot(pk)
