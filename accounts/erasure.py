"""Forgetting somebody: what is personal goes, what must add up stays under a random pseudonym."""

from __future__ import annotations

import logging
import secrets
import uuid

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts import services
from accounts.mail import send_mail
from accounts.models import MailLog, User
from accounts.signals import account_erased
from micdots.api.idempotency import forget_answers
from micdots.lib.errors import NotFound, ValidationFailed

logger = logging.getLogger(__name__)


def erase_own_account(*, account: User, password: str) -> None:
    """Erase an account at its owner's wish, who says the password once more.

    Raises:
        ValidationFailed: names ``password``.
        Conflict: the last owner of the installation stays.
    """
    if not account.check_password(password):
        raise ValidationFailed({"password": [_("This is not your password.")]})
    erase(account=account)


@transaction.atomic
def erase(*, account: User) -> None:
    """Erase an account, in one transaction with the data of every app (signal ``account_erased``).

    Name, e-mail and other addresses, profile, sessions and tokens go. The row stays, empty, under a new random id, so
    that the entries of its ledger still add up and codes that were printed are never given to somebody else.

    Raises:
        NotFound: it was erased before.
        Conflict: it is the last owner's.
    """
    locked = User.objects.living().select_for_update().filter(pk=account.pk).first()
    if locked is None:
        raise NotFound
    services.refuse_last_owner(locked)
    send_mail("account-deleted", locked, keep_address=False)
    account_erased.send(sender=User, account=locked)
    _forget_elsewhere(locked)
    _empty(locked)
    logger.info("account %s was erased", locked.pk)


def _forget_elsewhere(account: User) -> None:
    """Everything about the account that is not in its own row."""
    addresses = {account.email, *EmailAddress.objects.filter(user=account).values_list("email", flat=True)}
    EmailAddress.objects.filter(user=account).delete()
    MailLog.objects.filter(account=account).update(address="")
    MailLog.objects.filter(address__in=addresses).update(address="")
    account.browser_sessions.all().delete()
    account.token_families.all().delete()
    OutstandingToken.objects.filter(user=account).delete()
    forget_answers(account.pk)  # they hold texts
    account.groups.clear()
    account.user_permissions.clear()
    # The back office's history quotes the name of what was changed.
    LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(account.pk)).update(
        object_repr=f"account {account.pk}"
    )


def _empty(account: User) -> None:
    account.set_unusable_password()
    User.objects.filter(pk=account.pk).update(
        public_id=uuid.uuid4(),
        # `.invalid` is reserved: no mail ever goes there (RFC 2606).
        email=f"erased-{secrets.token_hex(16)}@erased.invalid",
        password=account.password,
        name="",
        bio="",
        role=User.Role.CLIENT,
        language=settings.LANGUAGE_CODE,
        timezone="UTC",
        default_voice="",
        is_staff=False,
        is_superuser=False,
        is_active=False,
        suspended_at=None,
        suspension_reason="",
        last_login=None,
        sign_in_epoch=F("sign_in_epoch") + 1,
        erased_at=timezone.now(),
        updated_at=timezone.now(),
    )
