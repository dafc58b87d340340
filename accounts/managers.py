"""Accounts are found and made by e-mail address; the letter case of an address means nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager
from django.db import models

if TYPE_CHECKING:
    from accounts.models import User


def normalise_email(email: str) -> str:
    """The one spelling of an address that is stored and compared: no blanks around it, all in lower case.

    The standard (RFC 5321, section 2.4) lets the part before the ``@`` be case-sensitive, but no provider uses that,
    and people write their own address in both ways.
    """
    return email.strip().lower()


class UserQuerySet(models.QuerySet["User"]):
    def living(self) -> UserQuerySet:
        """Accounts that have not been erased; suspended ones are among them."""
        return self.filter(erased_at=None)

    def with_email(self, email: str) -> UserQuerySet:
        return self.filter(email=normalise_email(email))


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def living(self) -> UserQuerySet:
        return self.get_queryset().living()

    def with_email(self, email: str) -> UserQuerySet:
        return self.get_queryset().with_email(email)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalise_email(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """One account row, with a hashed password (unusable when None) and no tokens.

        Signing up is more than this row: see ``accounts.services.sign_up``.
        """
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An owner of the installation: may do everything, in the back office too."""
        fields.update(role=self.model.Role.ADMIN, is_staff=True, is_superuser=True)
        return self.create_user(email, password, **fields)
