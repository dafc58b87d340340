"""Signing in, and the account itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from rest_framework.request import Request

from accounts import erasure, selectors, services, sign_ins
from accounts.api.serializers import (
    EmailInput,
    LoginInput,
    PasswordChangeInput,
    PasswordInput,
    ProfileInput,
    RefreshInput,
    RegisterInput,
    SignInOutput,
    TokenEntryOutput,
    TokensOutput,
    UserOutput,
)
from accounts.limits import email_key
from accounts.models import TokenEntry, User
from micdots.api.limits import enforce
from micdots.api.paging import Listing
from micdots.api.views import ApiView, endpoint


class RegisterView(ApiView):
    @endpoint(
        body=RegisterInput,
        answer=SignInOutput,
        status=HTTPStatus.CREATED,
        public=True,
        limits=["register"],
        errors=[403, 409],
    )
    def post(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Sign up.

        A mail asks to confirm the address. Where that is required first, the tokens are null.
        """
        account = services.sign_up(**body)
        if settings.EMAIL_VERIFICATION_REQUIRED:
            return _signed_in(account, None)
        return _signed_in(account, sign_ins.start(account=account))


class VerificationView(ApiView):
    @endpoint(body=EmailInput, status=HTTPStatus.ACCEPTED, public=True, limits=["login"])
    def post(self, request: Request, body: dict[str, Any]) -> None:
        """Send the mail that confirms an e-mail address again.

        The answer is the same whether or not there is such an account.
        """
        enforce(request, "mail", email_key(body["email"]))
        services.send_verification(email=body["email"])


class LoginView(ApiView):
    @endpoint(body=LoginInput, answer=SignInOutput, public=True, limits=["login"], errors=[401, 403])
    def post(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Sign in with e-mail and password."""
        enforce(request, "login", email_key(body["email"]))
        account = services.check_credentials(**body)
        return _signed_in(account, sign_ins.start(account=account))


class RefreshView(ApiView):
    @endpoint(body=RefreshInput, answer=TokensOutput, public=True, errors=[401, 403])
    def post(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Trade a refresh token for a new pair.

        The old one is dead at once. If it is used again, everything that grew out of the same sign-in ends.
        """
        return _tokens(sign_ins.refresh(**body))


class LogoutView(ApiView):
    @endpoint(body=RefreshInput, public=True, errors=[401])
    def post(self, request: Request, body: dict[str, Any]) -> None:
        """Sign out: everything that grew out of the same sign-in ends, its access tokens too.

        The refresh token is credential enough, so that one can sign out after the access token has run out.
        """
        sign_ins.end(**body)


class PasswordResetView(ApiView):
    @endpoint(body=EmailInput, status=HTTPStatus.ACCEPTED, public=True, limits=["password"])
    def post(self, request: Request, body: dict[str, Any]) -> None:
        """Mail a link that sets a new password.

        The answer is the same whether or not there is such an account.
        """
        enforce(request, "mail", email_key(body["email"]))
        services.request_password_reset(email=body["email"])


class PasswordChangeView(ApiView):
    @endpoint(body=PasswordChangeInput, limits=["password"])
    def post(self, request: Request, body: dict[str, Any]) -> None:
        """Change the password. Every token of the account is dead then, on all devices."""
        services.change_password(account=_account(request), **body)


class MeView(ApiView):
    @endpoint(answer=UserOutput)
    def get(self, request: Request) -> User:
        """Your account."""
        return _account(request)

    @endpoint(body=ProfileInput, answer=UserOutput)
    def patch(self, request: Request, body: dict[str, Any]) -> User:
        """Change your profile; what is left out stays."""
        if "default_voice" in body:
            body["default_voice"] = body["default_voice"] or ""
        return services.update_profile(account=_account(request), **body)

    @endpoint(body=PasswordInput, limits=["password"], errors=[409])
    def delete(self, request: Request, body: dict[str, Any]) -> None:
        """Delete your account for ever.

        Texts, audio, files, addresses, name and e-mail go; the entries of the ledger stay under a random pseudonym, and
        printed codes answer 410.
        """
        erasure.erase_own_account(account=_account(request), **body)


class MyTokensView(ApiView):
    @endpoint(answer=TokenEntryOutput, listing=Listing())
    def get(self, request: Request) -> QuerySet[TokenEntry]:
        """What came in and went out of your token balance."""
        return selectors.token_entries_of(_account(request))


def _account(request: Request) -> User:
    return cast(User, request.user)


def _tokens(pair: sign_ins.TokenPair | None) -> dict[str, Any]:
    return {
        "access_token": pair.access if pair else None,
        "refresh_token": pair.refresh if pair else None,
        "token_type": "Bearer",
        "expires_in": settings.ACCESS_TOKEN_SECONDS,
    }


def _signed_in(account: User, pair: sign_ins.TokenPair | None) -> dict[str, Any]:
    return {"user": account, **_tokens(pair)}
