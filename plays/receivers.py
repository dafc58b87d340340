"""What listening does when accounts tell it something."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from generations.models import Dot
from plays import tables
from plays.models import DayFigures, DayShare, DayVisitor, Event, HourFigures, ListeningSettings
from plays.taking import wait_for_turn
from plays.tasks import rebuild_account


def cut_days_anew(sender: Any, account: User, **kwargs: Any) -> None:
    """The account's time zone is another."""
    if DayFigures.objects.filter(dot__owner=account).exists():
        rebuild_account.delay(account.pk)


def erase_account(sender: Any, account: User, **kwargs: Any) -> None:
    """Everything that was listened to goes with its dots."""
    wait_for_turn()  # what is being taken in has either come before, or finds the dots gone
    for some in tables.chunks(Dot.objects.filter(owner=account).values_list("pk", flat=True)):
        for model in (Event, DayFigures, HourFigures, DayShare, DayVisitor):
            model.objects.filter(dot_id__in=some).delete()
    ListeningSettings.objects.filter(owner=account).delete()


def export_account(sender: Any, account: User, **kwargs: Any) -> dict[str, Any]:
    """What the account holds of its listeners: its wishes, and the figures of its dots by day and language."""
    wishes = ListeningSettings.objects.filter(owner=account).first() or ListeningSettings(owner=account)
    rows = DayFigures.objects.filter(dot__owner=account).order_by("day", "dot_id", "language")
    return {
        "listening": {
            "keepsAttributes": wishes.keeps_attributes,
            "wantsWeeklyMail": wishes.wants_weekly_mail,
            "days": [
                {
                    "day": row.day.isoformat(),
                    "dot": row.dot.code,
                    "language": row.language,
                    "timeZone": row.zone,
                    "scans": row.scans,
                    "uniqueVisitors": row.unique_visitors,
                    "plays": row.plays,
                    "completions": row.completions,
                    "listenSeconds": row.heard_ms / 1000,
                }
                for row in rows.select_related("dot").iterator()
            ],
        }
    }
