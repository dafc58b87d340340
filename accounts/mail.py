"""The one way to send mail: ``send_mail(kind, to, context)``.

A mail of kind ``x`` is the three files ``templates/emails/x-subject.txt``, ``x-body.txt`` and ``x-body.html``. It is
written in the recipient's language and sent by a worker once the transaction is through, so a page never waits for a
mail server, and nobody hears of what was rolled back. Each mail leaves a row in ``MailLog``, without its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from accounts.managers import normalise_email
from accounts.models import MailLog, User
from accounts.tasks import deliver_mail

# What a context may hold: it travels through the broker as JSON.
Context = Mapping[str, str | int | float | bool | None]


def send_mail(
    kind: str,
    to: User | str,
    context: Context | None = None,
    *,
    address: str | None = None,
    keep_address: bool = True,
) -> MailLog:
    """Send one mail when the present transaction commits.

    Args:
        kind: names the three template files, for example ``password-reset``.
        to: an account, or a bare address for somebody who has none.
        context: what the templates need; ``name``, ``site_name`` and ``site_url`` are there anyway. Plain values only.
        address: another address of the account than its present one (the former one, or one not yet confirmed).
        keep_address: False keeps the address out of the log: for somebody who has just been forgotten.

    Returns:
        The log's row, ``queued``. It becomes ``sent`` or ``failed``; nothing is raised when sending fails.
    """
    account = to if isinstance(to, User) else None
    recipient = normalise_email(address or (to.email if isinstance(to, User) else to))
    language = account.language if account else (translation.get_language() or settings.LANGUAGE_CODE)
    log = MailLog.objects.create(
        kind=kind, account=account, address=recipient if keep_address else "", language=language
    )
    values: dict[str, Any] = {**(context or {}), "name": account.name if account else ""}

    def queue() -> None:
        # The arguments hold an address and perhaps a secret link, so workers show these words in their place.
        deliver_mail.apply_async((log.pk, recipient, values), argsrepr=f"({log.pk}, …)", kwargsrepr="{}")

    # Robust: what was done stands although the broker is away; the row then ends as failed, and one may ask again.
    transaction.on_commit(queue, robust=True)
    return log


def absolute(path: str) -> str:
    """The address of a page as people reach it from their mail."""
    return f"{settings.SITE_URL}{path}"
