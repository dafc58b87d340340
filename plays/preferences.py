"""What an account wants to know of its listeners, and whether it wants to hear of it by mail."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import User
from plays.days import known_zone
from plays.models import ListeningSettings


def preferences_of(account: User) -> ListeningSettings:
    """The account's wishes; what it never said is as the model says. Nothing is written."""
    return ListeningSettings.objects.filter(owner=account).first() or ListeningSettings(owner=account)


@transaction.atomic
def change_preferences(
    *, account: User, keeps_attributes: bool, wants_weekly_mail: bool, now: datetime
) -> ListeningSettings:
    """Write down what the account wishes.

    Args:
        keeps_attributes: False: from now on no device, place or referrer is written down; what was stays.
        wants_weekly_mail: the first mail comes on the next Monday, about the week that ends then.
        now: decides which Monday is the next.
    """
    row, _is_new = ListeningSettings.objects.select_for_update().get_or_create(owner=account)
    if wants_weekly_mail and not row.wants_weekly_mail:
        row.weekly_mail_sent_on = monday_of(now.astimezone(known_zone(account.timezone)).date())
    row.keeps_attributes, row.wants_weekly_mail = keeps_attributes, wants_weekly_mail
    row.save(update_fields=["keeps_attributes", "wants_weekly_mail", "weekly_mail_sent_on"])
    return row


def claim_weekly_mail(*, account: User, monday: date) -> bool:
    """Whether it is up to the caller to report on this Monday: of any number that ask, one hears yes.

    Call it in the transaction that queues the mail: rolled back, nobody has claimed it.
    """
    rows = ListeningSettings.objects.filter(owner=account, wants_weekly_mail=True)
    rows = rows.exclude(weekly_mail_sent_on__gte=monday)
    return rows.update(weekly_mail_sent_on=monday) == 1


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())
