"""Who may sign in to the pages, and stay signed in."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from accounts.models import User


class AccountBackend(AuthenticationBackend):
    """E-mail and password. Asked again on every request: who was suspended or erased is signed out at once."""

    def user_can_authenticate(self, user: AbstractBaseUser | AnonymousUser | None) -> bool:
        return isinstance(user, User) and user.may_sign_in

    def _authenticate_by_email(self, email: str, password: str) -> AbstractBaseUser | None:
        # Only by the present address: django-allauth's own also takes one that was asked for and not confirmed yet.
        # Without an account it hashes the password all the same, so that both take as long.
        return self._check_password(User.objects.living().with_email(email).first(), password)
