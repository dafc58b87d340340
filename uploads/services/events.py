"""The record of what happened with uploads: who asked for what, and what became of it."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from micdots.lib.errors import MicDotsError, ServiceUnavailable
from micdots.lib.plain_sql import insert
from uploads.exceptions import Rejected
from uploads.models import Scope, Upload, UploadEvent

logger = logging.getLogger(__name__)

_MOST_REASON = 300


def record(
    action: UploadEvent.Action,
    *,
    account: User | None,
    address: str = "",
    scope: str = "",
    upload: Upload | None = None,
    reason: str = "",
) -> UploadEvent:
    """Write one line, in the caller's transaction.

    Args:
        account: None where nobody was signed in.
        address: as ``client_address`` gives it; only its network is kept.
        reason: an error code and what it was about, without names and addresses.
    """
    event = UploadEvent(
        action=action,
        account=account,
        address=network_of(address),
        scope=scope if scope in Scope.values else "",
        upload=upload,
        reason=reason[:_MOST_REASON],
    )
    insert(event)
    return event


@contextmanager
def refusals_recorded(*, account: User | None, address: str, scope: str) -> Iterator[None]:
    """Whatever is refused or fails inside leaves a line and goes on to the caller. Not for use in a transaction."""
    try:
        yield
    except MicDotsError as error:
        action, reason = UploadEvent.Action.REFUSED, summary_of(error)
        if isinstance(error, Rejected):
            action, reason = UploadEvent.Action.REJECTED, error.reason
        elif isinstance(error, ServiceUnavailable):
            action = UploadEvent.Action.FAILED
        record(action, account=account, address=address, scope=scope, reason=reason)
        raise


def summary_of(error: MicDotsError) -> str:
    """An error in a few words: its code, and which fields were wrong."""
    fields = ", ".join(sorted(error.details)) if error.code == "VALIDATION_ERROR" else ""
    return f"{error.code} ({fields})" if fields else error.code


def network_of(address: str) -> str:
    """The network that an address is in: a /24 of IPv4, a /48 of IPv6; empty for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))


def forget_old_events() -> int:
    """Delete the lines older than ``UPLOAD_EVENT_DAYS``. Returns how many."""
    limit = timezone.now() - timedelta(days=settings.UPLOAD_EVENT_DAYS)
    return UploadEvent.objects.filter(at__lt=limit).delete()[0]
