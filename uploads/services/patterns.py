"""Accounts that use uploads in an unusual way: many addresses that are never used, many objects that are rejected."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from accounts.mail import absolute, send_mail
from accounts.models import User
from uploads.models import UploadEvent
from uploads.services.events import record

logger = logging.getLogger(__name__)

_ONCE_IN = timedelta(days=1)
_Action = UploadEvent.Action


@dataclass(frozen=True)
class Pattern:
    """What one account did in the last ``UPLOAD_PATTERN_HOURS``."""

    account: User
    unused: int  # addresses signed whose uploads expired or were given up
    rejected: int


def unusual_patterns(now: datetime | None = None) -> list[Pattern]:
    """The accounts above one of the limits, the most unusual first."""
    since = (now or timezone.now()) - timedelta(hours=settings.UPLOAD_PATTERN_HOURS)
    counted = (
        UploadEvent.objects.filter(at__gte=since, account__isnull=False)
        .filter(action__in=[_Action.EXPIRED, _Action.ABORTED, _Action.REJECTED])
        .values("account")
        .annotate(
            unused=Count("pk", filter=Q(action__in=[_Action.EXPIRED, _Action.ABORTED])),
            rejected=Count("pk", filter=Q(action=_Action.REJECTED)),
        )
        .filter(Q(unused__gt=settings.UPLOAD_PATTERN_UNUSED) | Q(rejected__gt=settings.UPLOAD_PATTERN_REJECTED))
        .order_by("-rejected", "-unused")[:100]
    )
    rows = list(counted)
    accounts = User.objects.in_bulk([row["account"] for row in rows])
    return [Pattern(accounts[row["account"]], row["unused"], row["rejected"]) for row in rows]


def flag_unusual_uploads() -> int:
    """Tell staff about accounts with an unusual pattern, each once a day. Returns how many were flagged now."""
    flagged = 0
    for pattern in unusual_patterns():
        with transaction.atomic():
            # Of two runs at once the second waits here and finds the first's line.
            User.objects.select_for_update().get(pk=pattern.account.pk)
            if UploadEvent.objects.filter(
                account=pattern.account, action=_Action.FLAGGED, at__gt=timezone.now() - _ONCE_IN
            ).exists():
                continue
            record(
                _Action.FLAGGED,
                account=pattern.account,
                reason=f"unused {pattern.unused}, rejected {pattern.rejected}",
            )
            _tell_staff(pattern)
        logger.warning("unusual uploads of account %s", pattern.account.pk)
        flagged += 1
    return flagged


def _tell_staff(pattern: Pattern) -> None:
    page = absolute(f"{reverse('admin:uploads_uploadevent_changelist')}?account__id__exact={pattern.account.pk}")
    staff = User.objects.living().filter(is_staff=True, is_active=True, suspended_at__isnull=True)
    for member in staff.order_by("pk"):
        if not (member.is_superuser or member.has_perm("uploads.view_uploadevent")):
            continue
        send_mail(
            "uploads-unusual",
            member,
            {
                "account_id": pattern.account.pk,
                "unused": pattern.unused,
                "rejected": pattern.rejected,
                "hours": settings.UPLOAD_PATTERN_HOURS,
                "page": page,
            },
        )
