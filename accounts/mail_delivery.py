"""Writing a mail from its templates and handing it to the mail server."""

from __future__ import annotations

import logging
import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import MailLog

logger = logging.getLogger(__name__)


def deliver(*, log_id: int, recipient: str, context: dict[str, Any]) -> OSError | None:
    """Send one queued mail and note the outcome on its row.

    Returns:
        None when it is sent, was sent before, or never can be; the error when trying again can help.
    """
    log = MailLog.objects.filter(pk=log_id, status=MailLog.Status.QUEUED).first()
    if log is None:
        return None
    log.attempts += 1
    try:
        _message(log, recipient, context).send()
    except OSError as error:  # what smtplib raises, and everything below it: the network, a full disk
        log.error = type(error).__name__
        permanent = _is_permanent(error)
        if permanent:
            log.status = MailLog.Status.FAILED
            logger.warning("mail %s was refused for good: %s", log.pk, log.error)
        log.save(update_fields=["attempts", "error", "status", "updated_at"])
        return None if permanent else error
    log.status, log.error, log.sent_at = MailLog.Status.SENT, "", timezone.now()
    log.save(update_fields=["attempts", "error", "status", "sent_at", "updated_at"])
    return None


def give_up(*, log_id: int) -> None:
    """Note that a mail will not be sent any more."""
    if MailLog.objects.filter(pk=log_id, status=MailLog.Status.QUEUED).update(
        status=MailLog.Status.FAILED, updated_at=timezone.now()
    ):
        logger.warning("mail %s could not be sent", log_id)


def _message(log: MailLog, recipient: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    with translation.override(log.language):
        values = {
            **context,
            "site_name": settings.SITE_NAME,
            "site_url": settings.SITE_URL,
            "language": log.language,
            "is_rtl": translation.get_language_bidi(),
        }
        # A line break in a subject would start another header.
        subject = " ".join(render_to_string(f"emails/{log.kind}-subject.txt", values).split())
        text = render_to_string(f"emails/{log.kind}-body.txt", values).strip() + "\n"
        html = render_to_string(f"emails/{log.kind}-body.html", values)
    message = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [recipient])
    message.attach_alternative(html, "text/html")
    # Automatic answers ("I am on holiday") stay away from automatic mail (RFC 3834).
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    return message


def _is_permanent(error: OSError) -> bool:
    """A 5xx answer of the mail server (RFC 5321, section 4.2.1) stays one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500
