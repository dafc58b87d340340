"""The account that a first look at MicDots starts with."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import ledger, services
from accounts.models import User


@dataclass(frozen=True)
class DemoAccount:
    account: User
    password: str | None  # None when its owner has changed it: then we do not know it
    is_new: bool


def password_file() -> Path:
    return settings.VAR_DIR / "demo_password"


def ensure_demo_account() -> DemoAccount:
    """The demo account, made when it is not there. One that is there is left as it is, its password above all.

    It is a client, with ``DEMO_TOKENS`` to spend and a confirmed address. Its password is ``DEMO_PASSWORD``, or made up
    and kept in ``VAR_DIR/demo_password`` (readable by the owner of the process only).

    Raises:
        ValidationFailed: ``DEMO_PASSWORD`` is no password that MicDots accepts.
    """
    account = User.objects.with_email(settings.DEMO_EMAIL).first()
    if account is not None:
        return DemoAccount(account, _known_password(account), is_new=False)
    password = settings.DEMO_PASSWORD or _kept_password()
    account = User(email=settings.DEMO_EMAIL, name=_("Demo"), language=settings.LANGUAGE_CODE)
    services.check_password_rules(password, account)
    account.set_password(password)
    with transaction.atomic():
        account.save()
        EmailAddress.objects.create(user=account, email=account.email, primary=True, verified=True)
        ledger.welcome(account=account, amount=settings.DEMO_TOKENS)
    return DemoAccount(account, password, is_new=True)


def _known_password(account: User) -> str | None:
    candidates = [settings.DEMO_PASSWORD]
    with contextlib.suppress(OSError):
        candidates.append(password_file().read_text().strip())
    return next((password for password in candidates if password and account.check_password(password)), None)


def _kept_password() -> str:
    """The password in the file, made when there is none. Of two processes that start together one makes it."""
    path = password_file()
    if not path.exists():
        # Temporary files are readable by their owner only, and the link keeps it so.
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:
            draft.write(secrets.token_urlsafe(12))
            draft.flush()
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text().strip()
