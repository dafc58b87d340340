"""Who calls the API: ``Authorization: Bearer <access token>``."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts import sign_ins
from accounts.models import User
from micdots.lib.errors import Unauthorized


class BearerAuthentication(BaseAuthentication):
    """One query a call: the token's family and account as they are now (see ``accounts.sign_ins``)."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """None without the header. ``Api-Key`` and every other scheme are refused, not passed over."""
        header = get_authorization_header(request)
        if not header:
            return None
        scheme, _space, credentials = header.partition(b" ")
        try:
            token = credentials.strip().decode("ascii")
        except UnicodeDecodeError as error:
            raise _refusal() from error
        if scheme.lower() != b"bearer" or not token:
            raise _refusal()
        try:
            return sign_ins.account_of(access_token=token), token
        except Unauthorized as error:
            raise _refusal() from error

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _refusal() -> Unauthorized:
    return Unauthorized(_("These credentials are not valid or have expired. Please sign in again."))
