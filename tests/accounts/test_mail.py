"""One way to send mail: three files, the recipient's language, a row in the log, retries."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMessage
from django.core.mail.backends import locmem
from django.db import transaction
from django.utils import timezone

from accounts import housekeeping, mail_delivery
from accounts.mail import send_mail
from accounts.models import MailLog, User
from accounts.tasks import MAIL_ATTEMPTS, deliver_mail
from tests.accounts.conftest import Posting
from tests.factories import make_user

pytestmark = pytest.mark.django_db

LINK = {"reset_url": "http://testserver/secret-link"}
KINDS = sorted(path.name.removesuffix("-subject.txt") for path in Path("templates/emails").glob("*-subject.txt"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_has_three_files_and_no_gap(
    kind: str, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    link = "http://testserver/link?a=1&b=2"
    names = ("confirm_url", "reset_url", "password_url", "sign_in_url")
    context = {**dict.fromkeys(names, link), "new_email": "new@example.org", "tokens": 10_000}
    User.objects.filter(pk=alice.pk).update(name="Ann & Bob <b>")
    alice.refresh_from_db()
    with posting():
        send_mail(kind, alice, context)

    mail: Any = mailoutbox[0]
    html = mail.alternatives[0].content
    assert mail.subject
    assert "\n" not in mail.subject
    assert "Hello Ann & Bob <b>," in mail.body
    assert "Ann &amp; Bob &lt;b&gt;" in html
    assert mail.body.rstrip().endswith("http://testserver")
    assert "{" not in mail.subject + mail.body + html
    assert (link in mail.body) == ('href="http://testserver/link?a=1&amp;b=2"' in html)
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    assert mail.from_email.startswith("MicDots <")
    assert "style=" not in html


def test_a_mail_is_sent_when_the_transaction_is_through_and_leaves_a_row(
    alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    with posting():
        log = send_mail("password-reset", alice, LINK)
        assert (log.status, mailoutbox) == ("queued", [])

    log.refresh_from_db()
    assert (log.status, log.attempts, log.error) == ("sent", 1, "")
    assert (log.kind, log.account, log.address, log.language) == ("password-reset", alice, "alice@example.org", "en")
    assert log.sent_at is not None
    assert "secret-link" not in str(list(MailLog.objects.values()))


def test_what_is_rolled_back_sends_nothing(alice: User, posting: Posting, mailoutbox: list[EmailMessage]) -> None:
    with posting(), transaction.atomic():
        send_mail("password-reset", alice, LINK)
        transaction.set_rollback(True)

    assert mailoutbox == []
    assert not MailLog.objects.exists()


def test_it_is_written_in_the_recipients_language(
    alice: User, posting: Posting, mailoutbox: list[EmailMessage]
) -> None:
    User.objects.filter(pk=alice.pk).update(language="ar")
    alice.refresh_from_db()
    with posting():
        send_mail("password-reset", alice, LINK)

    html = mailoutbox[0].alternatives[0].content  # type: ignore[attr-defined]
    assert '<html lang="ar" dir="rtl">' in " ".join(html.split())


def test_a_mail_to_a_bare_address(db: None, posting: Posting, mailoutbox: list[EmailMessage]) -> None:
    with posting():
        send_mail("account-exists", "Somebody@Example.org", {"sign_in_url": "x", "reset_url": "y"})

    assert mailoutbox[0].to == ["somebody@example.org"]
    assert mailoutbox[0].body.startswith("Hello,")


class TestFaults:
    @pytest.fixture
    def server(self, monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
        """Errors that the mail server answers with, one for each attempt, before it takes the mail."""
        errors: list[Exception] = []
        really = locmem.EmailBackend.send_messages

        def send(self: Any, messages: Any) -> int:
            if errors:
                raise errors.pop(0)
            return really(self, messages)

        monkeypatch.setattr(locmem.EmailBackend, "send_messages", send)
        return errors

    def test_a_fault_that_passes_is_tried_again(
        self, alice: User, posting: Posting, server: list[Exception], mailoutbox: list[EmailMessage]
    ) -> None:
        server += [ConnectionRefusedError(), smtplib.SMTPServerDisconnected("alice@example.org is too busy")]
        with posting():
            log = send_mail("password-reset", alice, LINK)

        log.refresh_from_db()
        assert (log.status, log.attempts, log.error) == ("sent", 3, "")
        assert len(mailoutbox) == 1

    def test_a_fault_that_stays_ends_as_failed_without_the_address_in_the_log(
        self, alice: User, posting: Posting, server: list[Exception], caplog: pytest.LogCaptureFixture
    ) -> None:
        server += [smtplib.SMTPServerDisconnected("alice@example.org is too busy")] * 50
        with posting():
            log = send_mail("password-reset", alice, LINK)

        log.refresh_from_db()
        assert (log.status, log.attempts, log.error) == ("failed", MAIL_ATTEMPTS, "SMTPServerDisconnected")
        assert "alice@example.org" not in caplog.text
        assert "secret-link" not in caplog.text

    def test_a_refusal_for_good_is_not_tried_again(
        self, alice: User, posting: Posting, server: list[Exception]
    ) -> None:
        server += [smtplib.SMTPRecipientsRefused({"alice@example.org": (550, b"no such user")})]
        with posting():
            log = send_mail("password-reset", alice, LINK)

        log.refresh_from_db()
        assert (log.status, log.attempts, log.error) == ("failed", 1, "SMTPRecipientsRefused")

    def test_a_message_that_is_delivered_twice_sends_one_mail(
        self, alice: User, posting: Posting, mailoutbox: list[EmailMessage]
    ) -> None:
        with posting():
            log = send_mail("password-reset", alice, LINK)
        mail_delivery.deliver(log_id=log.pk, recipient="alice@example.org", context=dict(LINK))

        assert len(mailoutbox) == 1

    def test_the_task_shows_no_secret_in_what_workers_log(
        self, alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        sent: dict[str, Any] = {}
        monkeypatch.setattr(deliver_mail, "apply_async", lambda args, **options: sent.update(options))
        with django_capture_on_commit_callbacks(execute=True):
            send_mail("password-reset", alice, LINK)

        assert "secret" not in sent["argsrepr"]
        assert "@" not in sent["argsrepr"]

    @pytest.mark.django_db(transaction=True)
    def test_a_broker_that_is_away_does_not_undo_what_was_done(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refuse(*args: Any, **options: Any) -> None:
            raise ConnectionRefusedError

        monkeypatch.setattr(deliver_mail, "apply_async", refuse)
        log = send_mail("password-reset", make_user(email="alice@example.org"), LINK)
        log.refresh_from_db()
        assert log.status == "queued"
        assert "alice@example.org" not in caplog.text

        MailLog.objects.filter(pk=log.pk).update(created_at=timezone.now() - timedelta(hours=3))
        housekeeping.tidy()
        log.refresh_from_db()
        assert (log.status, log.error) == ("failed", "Lost")


def test_old_lines_of_the_log_go(alice: User, settings: Any) -> None:
    old, new = send_mail("password-reset", alice, LINK), send_mail("password-reset", alice, LINK)
    MailLog.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=settings.MAIL_LOG_DAYS + 1))

    housekeeping.tidy()

    assert list(MailLog.objects.all()) == [new]


def test_by_default_mail_is_written_into_files(alice: User, settings: Any, tmp_path: Path, posting: Posting) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(tmp_path)
    with posting():
        send_mail("password-reset", alice, LINK)

    assert "secret-link" in next(tmp_path.iterdir()).read_text()
    assert django_mail.outbox == []
