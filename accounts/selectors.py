"""Reads about accounts."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import QuerySet

from accounts.models import TokenEntry, User


def is_email_verified(account: User) -> bool:
    """Whether the present address of the account has been confirmed."""
    return EmailAddress.objects.filter(user=account, email=account.email, verified=True).exists()


def pending_email(account: User) -> str | None:
    """The address that will take the present one's place once it is confirmed."""
    waiting = EmailAddress.objects.filter(user=account, verified=False).exclude(email=account.email)
    return waiting.values_list("email", flat=True).first()


def token_entries_of(account: User) -> QuerySet[TokenEntry]:
    """The account's ledger, newest first."""
    return TokenEntry.objects.filter(account=account).order_by("-pk")


def owners() -> QuerySet[User]:
    """The accounts that may do everything in this installation."""
    return User.objects.living().filter(role=User.Role.ADMIN, is_active=True, suspended_at=None)
