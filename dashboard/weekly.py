"""The weekly mail: what happened to an account's dots from Monday to Sunday, on the Monday after."""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from accounts.mail import absolute, send_mail
from accounts.models import User
from accounts.selectors import is_email_verified
from dashboard.names import listening_time
from plays import figures
from plays.days import known_zone
from plays.preferences import claim_weekly_mail, monday_of

logger = logging.getLogger(__name__)

MORNING = time(7)  # on the account's clock
BEST = 3
# An installation that was down on Monday reports late; after that the week is old news.
LATEST = timedelta(days=2)


def send_due_mails(now: datetime) -> int:
    """Queue the mail of every account whose Monday morning has come. Returns how many.

    Called often. Each account's Monday is claimed in the transaction that queues its mail, so that nobody gets it twice
    however many processes ask, and a failure leaves it to the next call.
    """
    wishing = User.objects.filter(
        listening_settings__wants_weekly_mail=True, is_active=True, suspended_at=None, erased_at=None
    )
    sent = 0
    for account in wishing.order_by("pk").iterator():
        try:
            sent += _send_if_due(account, now)
        except Exception:  # one account's trouble is not the others'
            logger.exception("no weekly mail for account %s", account.pk)
    return sent


def _send_if_due(account: User, now: datetime) -> bool:
    zone = known_zone(account.timezone)
    local = now.astimezone(zone)
    monday = monday_of(local.date())
    begin = datetime.combine(monday, MORNING, zone)
    # Figures go to nobody whose address was never confirmed: it may be somebody else's.
    if not begin <= local < begin + LATEST or not is_email_verified(account):
        return False
    with transaction.atomic():
        if not claim_weekly_mail(account=account, monday=monday):
            return False
        send_mail("weekly-figures", account, _words(account, monday))
    return True


def _words(account: User, monday: date) -> dict[str, str | int]:
    """What the mail says, in the recipient's language where it is more than a number."""
    zone = known_zone(account.timezone)
    scope = figures.Scope(owner=account)
    span = figures.span_from(
        zone=zone, today=monday, first=monday - timedelta(days=7), last=monday - timedelta(days=1), interval="day"
    )
    totals, before = figures.totals_of(scope, span), figures.totals_of(scope, figures.span_before(span))
    with translation.override(account.language):
        words: dict[str, str | int] = {
            "first_day": date_format(span.first, "DATE_FORMAT"),
            "last_day": date_format(span.last, "DATE_FORMAT"),
            "scans": totals.scans,
            "scans_before": before.scans,
            "visitors": totals.unique_visitors,
            "visitors_before": before.unique_visitors,
            "plays": totals.plays,
            "plays_before": before.plays,
            "completions": totals.completions,
            "completions_before": before.completions,
            "listened": listening_time(totals.heard_seconds),
            "listened_before": listening_time(before.heard_seconds),
            "is_quiet": not totals.scans and not totals.plays,
            "analytics_url": absolute(f"{reverse('analytics:overview')}?from={span.first}&to={span.last}"),
            "settings_url": absolute(reverse("analytics:settings")),
        }
    for place, (dot, row) in enumerate(figures.best_dots(scope, span, BEST), start=1):
        words |= {f"dot{place}": dot.title, f"dot{place}_scans": row.scans, f"dot{place}_plays": row.plays}
    return words
