"""Signing in to the API: short access tokens, and refresh tokens that are good for one use each.

A sign-in starts a **family**. Using its refresh token gives the next one and kills the old one; when an old one turns
up again, two parties hold the family and nobody can tell which is the thief, so all of it ends (RFC 9700, section
4.14.2).

Every token carries the family and a *stamp*: a digest of what the account's browser sessions hang on, too. Tokens are
checked against the rows on each call, so a change of password, a suspension, an erasure, "sign out everywhere" and the
end of the family work at once, not when the hour is over.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import update_last_login
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from rest_framework_simplejwt import tokens as jwt
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.models import TokenFamily, User
from micdots.lib.errors import AccountSuspended, Unauthorized
from micdots.lib.plain_sql import columns, row_of

FAMILY_CLAIM = "family"
STAMP_CLAIM = "stamp"


@dataclass(frozen=True)
class TokenPair:
    access: str
    refresh: str
    expires_in: int  # seconds that the access token lives


class _RefreshToken(jwt.RefreshToken):
    """simplejwt's, which leaves it to ``refresh`` to tell use from reuse, and is not written down in full."""

    def check_blacklist(self) -> None:
        """Nothing: ``refresh`` has to see a dead token, to end its family."""

    @classmethod
    def of(cls, account: User, family: TokenFamily) -> _RefreshToken:
        # Token.for_user, past the mixin's, which would keep the whole signed token in the database.
        token: _RefreshToken = super(jwt.BlacklistMixin, cls).for_user(account)
        token[FAMILY_CLAIM] = str(family.pk)
        token[STAMP_CLAIM] = stamp_of(account)
        OutstandingToken.objects.create(
            user=account,
            jti=token["jti"],
            token="",
            created_at=token.current_time,
            expires_at=datetime_from_epoch(token["exp"]),
        )
        return token


def stamp_of(account: User) -> str:
    """Changes with the password and whenever the account is signed out everywhere. Tells nothing about either."""
    return account.get_session_auth_hash()[:32]


@transaction.atomic
def start(*, account: User) -> TokenPair:
    """A new family for somebody who has just proved who they are.

    Raises:
        AccountSuspended: and no token is made.
    """
    _check_state(account)
    family = TokenFamily.objects.create(account=account, expires_at=timezone.now() + jwt.RefreshToken.lifetime)
    update_last_login(type(account), account)
    return _pair(_RefreshToken.of(account, family))


def refresh(*, refresh_token: str) -> TokenPair:
    """Trade a refresh token for the next pair.

    Raises:
        Unauthorized: it is not one of ours, has run out, was used before (then its family has ended), or its account
            has changed the password or was signed out.
        AccountSuspended: nothing is traded.
    """
    token = _read(refresh_token)
    with transaction.atomic():
        # The lock: of two uses at the same moment one trades, and the other is a reuse.
        family = _living_family(token, lock=True)
        _check_state(family.account)
        _check_stamp(token, family.account)
        _row, is_first_use = BlacklistedToken.objects.get_or_create(token=_outstanding(token))
        if is_first_use:
            TokenFamily.objects.filter(pk=family.pk).update(expires_at=timezone.now() + jwt.RefreshToken.lifetime)
            return _pair(_RefreshToken.of(family.account, family))
        _end(family.pk)
    raise Unauthorized


def end(*, refresh_token: str) -> None:
    """End the family of a refresh token; one that has ended already is fine.

    Raises:
        Unauthorized: it is not one of ours, or has run out.
    """
    token = _read(refresh_token)
    with contextlib.suppress(ValueError):
        _end(UUID(str(token.get(FAMILY_CLAIM))))


def end_all(*, account: User) -> None:
    """End every family of the account."""
    TokenFamily.objects.filter(account=account, ended_at=None).update(ended_at=timezone.now())


def account_of(*, access_token: str) -> User:
    """The account that an access token speaks for, in one query.

    Raises:
        Unauthorized: not one of ours, run out, or signed out since.
        AccountSuspended: the token is right and the account may not use it.
    """
    try:
        token = jwt.AccessToken(cast(Any, access_token))  # simplejwt's annotation says Token and means text
    except TokenError as error:
        raise Unauthorized from error
    account, has_ended = _account_of_family(token)
    if has_ended and not account.is_suspended:
        raise Unauthorized
    # First: suspending also signs out, and the owner is told the reason for it.
    _check_state(account)
    _check_stamp(token, account)
    return account


def _pair(token: _RefreshToken) -> TokenPair:
    return TokenPair(access=str(token.access_token), refresh=str(token), expires_in=settings.ACCESS_TOKEN_SECONDS)


def _read(refresh_token: str) -> _RefreshToken:
    try:
        return _RefreshToken(cast(Any, refresh_token))
    except TokenError as error:
        raise Unauthorized from error


def _outstanding(token: jwt.Token) -> OutstandingToken:
    try:
        return OutstandingToken.objects.get(jti=token["jti"])
    except OutstandingToken.DoesNotExist as error:
        raise Unauthorized from error


def _living_family(token: jwt.Token, *, lock: bool = False) -> TokenFamily:
    families = TokenFamily.objects.select_related("account").filter(account__erased_at=None)
    if lock:
        families = families.select_for_update(of=("self",))
    try:
        family = families.get(pk=UUID(str(token.get(FAMILY_CLAIM))))
    except (ValueError, TokenFamily.DoesNotExist) as error:
        raise Unauthorized from error
    if family.ended_at is not None and not family.account.is_suspended:
        raise Unauthorized
    return family


def _account_of_family(token: jwt.Token) -> tuple[User, bool]:
    """The account of a token's family, and whether the family has ended. Each call of the API asks this."""
    key = TokenFamily._meta.pk
    with connection.cursor() as cursor:
        try:
            family_id = key.get_db_prep_value(UUID(str(token.get(FAMILY_CLAIM))), connection)
        except ValueError as error:
            raise Unauthorized from error
        cursor.execute(_account_sql(), [family_id])
        found = cursor.fetchone()
    if found is None:
        raise Unauthorized
    return row_of(User, found[1:]), bool(found[0])


@cache
def _account_sql() -> str:
    user, family = User._meta.db_table, TokenFamily._meta.db_table
    return (
        f"SELECT {family}.ended_at IS NOT NULL, {columns(User, user)} FROM {family}"  # noqa: S608 - our own names
        f" JOIN {user} ON {user}.id = {family}.account_id WHERE {family}.id = %s AND {user}.erased_at IS NULL"
    )


def _check_stamp(token: jwt.Token, account: User) -> None:
    if not constant_time_compare(str(token.get(STAMP_CLAIM)), stamp_of(account)):
        raise Unauthorized


def _check_state(account: User) -> None:
    if account.is_suspended:
        raise AccountSuspended
    if not account.may_sign_in:
        raise Unauthorized


def _end(family_id: UUID) -> None:
    TokenFamily.objects.filter(pk=family_id, ended_at=None).update(ended_at=timezone.now())
