"""What runs out goes: sessions, API tokens, old lines of the mail log."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import MailLog, TokenFamily
from accounts.session_store import SessionStore

logger = logging.getLogger(__name__)

# Longer than a mail is tried for: a row that is still queued then was lost on its way to a worker.
MAIL_PATIENCE = timedelta(hours=2)


def tidy() -> None:
    """Delete what has run out, and call mails failed that were queued and never picked up."""
    now = timezone.now()
    SessionStore.clear_expired()
    TokenFamily.objects.filter(expires_at__lt=now).delete()
    OutstandingToken.objects.filter(expires_at__lt=now).delete()
    MailLog.objects.filter(created_at__lt=now - timedelta(days=settings.MAIL_LOG_DAYS)).delete()
    lost = MailLog.objects.filter(status=MailLog.Status.QUEUED, created_at__lt=now - MAIL_PATIENCE).update(
        status=MailLog.Status.FAILED, error="Lost", updated_at=now
    )
    if lost:
        logger.warning("%s mails were queued and never picked up", lost)
