"""The weekly mail: on the account's Monday morning, once, only if it is wanted, and to a confirmed address."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from accounts.models import MailLog, User
from dashboard import weekly
from dashboard.tasks import send_weekly_mails
from micdots.settings import base
from plays.models import ListeningSettings
from plays.preferences import change_preferences, claim_weekly_mail, preferences_of
from tests.accounts.conftest import Posting
from tests.accounts.conftest import posting as posting  # a fixture, for this folder too
from tests.dashboard.listening import make_day
from tests.factories import make_dot, make_user

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 16)
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def wishes(user: User, **fields: Any) -> ListeningSettings:
    return ListeningSettings.objects.create(owner=user, wants_weekly_mail=True, **fields)


def test_it_tells_of_the_week_before(alice: User, posting: Posting, mailoutbox: list[EmailMessage]):
    wishes(alice)
    dot = make_dot(owner=alice, title="Fish & chips <b>")
    quiet = make_dot(owner=alice, title="The gate")
    make_day(dot, MONDAY - timedelta(days=1), scans=1200, heard_ms=3_600_000)
    make_day(dot, MONDAY - timedelta(days=7), scans=34)
    make_day(quiet, MONDAY - timedelta(days=3), scans=1)
    make_day(dot, MONDAY - timedelta(days=8), scans=5)  # the week before that
    make_day(dot, MONDAY, scans=7)  # not over
    with posting():
        assert weekly.send_due_mails(NOON) == 1

    (mail,) = mailoutbox
    html: str = mail.alternatives[0].content  # type: ignore[attr-defined]
    assert mail.to == ["alice@example.org"]
    assert mail.subject == "Who listened, Nov. 9, 2026 to Nov. 15, 2026"
    assert "Scans: 1,235 (5)" in mail.body
    assert "1. Fish & chips <b>: 1,234" in mail.body
    assert "2. The gate: 1" in mail.body
    assert "Fish &amp; chips &lt;b&gt;: 1,234" in html
    assert "http://testserver/analytics/?from=2026-11-09&to=2026-11-15" in mail.body
    assert "http://testserver/analytics/settings" in mail.body
    assert "{" not in mail.body + html
    assert [line for line in mail.body.splitlines() if line.startswith(" ")] == []


def test_a_quiet_week_is_told_too(alice: User, posting: Posting, mailoutbox: list[EmailMessage]):
    wishes(alice)
    with posting():
        weekly.send_due_mails(NOON)
    assert "nobody scanned or heard your dots" in mailoutbox[0].body
    assert "Scans:" not in mailoutbox[0].body


def test_it_comes_once(alice: User, mailoutbox: list[EmailMessage]):
    wishes(alice)
    assert [weekly.send_due_mails(NOON + timedelta(minutes=15 * turn)) for turn in range(4)] == [1, 0, 0, 0]
    assert weekly.send_due_mails(NOON + timedelta(days=7)) == 1
    assert MailLog.objects.filter(kind="weekly-figures").count() == 2


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("UTC", datetime(2026, 11, 16, 7, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 11, 16, 1, 30, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 11, 15, 17, tzinfo=UTC)),  # Monday there while it is Sunday here
        ("Pacific/Pago_Pago", datetime(2026, 11, 16, 18, tzinfo=UTC)),
        ("Nowhere/Gone", datetime(2026, 11, 16, 7, tzinfo=UTC)),
    ],
)
def test_it_comes_in_the_morning_of_the_accounts_monday(alice: User, zone: str, first: datetime):
    User.objects.filter(pk=alice.pk).update(timezone=zone)
    wishes(alice)
    assert weekly.send_due_mails(first - timedelta(minutes=1)) == 0
    assert weekly.send_due_mails(first) == 1


def test_after_a_monday_without_power_it_comes_late_but_not_on_thursday(alice: User):
    row = wishes(alice)
    assert weekly.send_due_mails(NOON + timedelta(days=3)) == 0
    assert weekly.send_due_mails(NOON + timedelta(days=1)) == 1
    row.refresh_from_db()
    assert row.weekly_mail_sent_on == MONDAY


@pytest.mark.parametrize(
    "fields",
    [{"suspended_at": timezone.now()}, {"erased_at": timezone.now()}, {"is_active": False}],
    ids=["suspended", "erased", "inactive"],
)
def test_who_may_not_sign_in_gets_none(alice: User, fields: dict[str, Any]):
    wishes(alice)
    User.objects.filter(pk=alice.pk).update(**fields)
    assert weekly.send_due_mails(NOON) == 0


def test_an_address_that_was_never_confirmed_gets_none(db: None):
    wishes(make_user(verified=False))
    assert weekly.send_due_mails(NOON) == 0


def test_it_is_off_until_somebody_wants_it(alice: User, bob: User):
    ListeningSettings.objects.create(owner=bob)
    assert weekly.send_due_mails(NOON) == 0
    assert not preferences_of(alice).wants_weekly_mail
    assert not ListeningSettings.objects.filter(owner=alice).exists()


def test_switched_on_in_the_week_it_begins_on_the_next_monday(alice: User):
    change_preferences(account=alice, keeps_attributes=True, wants_weekly_mail=True, now=NOON)
    assert weekly.send_due_mails(NOON + timedelta(hours=1)) == 0
    assert weekly.send_due_mails(NOON + timedelta(days=7)) == 1
    change_preferences(account=alice, keeps_attributes=True, wants_weekly_mail=False, now=NOON)
    assert weekly.send_due_mails(NOON + timedelta(days=14)) == 0


def test_what_is_rolled_back_has_claimed_nothing(alice: User):
    wishes(alice)
    with transaction.atomic():
        assert claim_weekly_mail(account=alice, monday=MONDAY)
        assert not claim_weekly_mail(account=alice, monday=MONDAY)
        transaction.set_rollback(True)
    assert weekly.send_due_mails(NOON) == 1


def test_one_accounts_trouble_is_not_the_others(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch):
    wishes(alice)
    wishes(bob)
    really = weekly._words
    monkeypatch.setattr(weekly, "_words", lambda user, monday: really(user, monday) if user == bob else 1 / 0)
    assert weekly.send_due_mails(NOON) == 1
    monkeypatch.undo()
    assert weekly.send_due_mails(NOON) == 1  # Alice's is not lost


@pytest.mark.parametrize("language", ["de", "ar"])
def test_it_is_written_in_the_recipients_language(
    alice: User, posting: Posting, mailoutbox: list[EmailMessage], language: str
):
    User.objects.filter(pk=alice.pk).update(language=language)
    wishes(alice)
    with posting():
        weekly.send_due_mails(NOON)
    html: str = mailoutbox[0].alternatives[0].content  # type: ignore[attr-defined]
    assert f'<html lang="{language}"' in html


def test_beat_asks_for_it():
    assert base.CELERY_BEAT_SCHEDULE["send-weekly-figures"]["task"] == send_weekly_mails.name
    send_weekly_mails()
