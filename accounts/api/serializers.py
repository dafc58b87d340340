"""What the account part of the API takes and shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from accounts import selectors
from accounts.models import TokenEntry, User
from micdots.api.fields import StrictCharField, StrictChoiceField, StrictEmailField, UtcDateTimeField
from micdots.api.serializers import Input, Output

# Far above any password, far below what keeps the hash function busy.
_PASSWORD_LIMIT = 1000
_TOKEN_LIMIT = 4000


def _password(**kwargs: Any) -> StrictCharField:
    """A password as it was typed: nothing is trimmed or replaced."""
    return StrictCharField(max_length=_PASSWORD_LIMIT, trim=False, multiline=True, **kwargs)


class RegisterInput(Input):
    email = StrictEmailField()
    password = StrictCharField(max_length=_PASSWORD_LIMIT, trim=False, multiline=True, help_text="10–128 characters.")
    name = StrictCharField(max_length=120, allow_blank=True, required=False)


class EmailInput(Input):
    email = StrictEmailField()


class LoginInput(Input):
    email = StrictEmailField()
    password = _password()


class RefreshInput(Input):
    refresh_token = StrictCharField(max_length=_TOKEN_LIMIT)


class PasswordChangeInput(Input):
    current_password = _password()
    new_password = _password()


class PasswordInput(Input):
    password = _password()


class ProfileInput(Input):
    name = StrictCharField(max_length=120, allow_blank=True)
    bio = StrictCharField(max_length=500, allow_blank=True, multiline=True)
    language = StrictChoiceField([code for code, _name in settings.LANGUAGES])
    timezone = StrictCharField(max_length=64, help_text="An IANA name such as Europe/Berlin.")
    default_voice = StrictCharField(max_length=100, allow_null=True, help_text="A voice id; null for none.")


class UserOutput(Output):
    id = serializers.UUIDField(source="public_id")
    email = serializers.EmailField()
    name = serializers.CharField()
    bio = serializers.CharField()
    role = serializers.ChoiceField(choices=User.Role.choices)
    language = serializers.CharField()
    timezone = serializers.CharField()
    default_voice = serializers.SerializerMethodField()
    token_balance = serializers.IntegerField()
    email_verified = serializers.SerializerMethodField()
    mfa_enabled = serializers.SerializerMethodField()
    created_at = UtcDateTimeField()

    def get_default_voice(self, account: User) -> str | None:
        return account.default_voice or None

    def get_email_verified(self, account: User) -> bool:
        return selectors.is_email_verified(account)

    def get_mfa_enabled(self, account: User) -> bool:
        """No account has a second factor as long as MicDots knows none."""
        return False


class TokensOutput(Output):
    """A pair of tokens."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that the access token lives.")


class SignInOutput(Output):
    """An account and its tokens; they are null where the e-mail address has to be confirmed first."""

    user = UserOutput()
    access_token = serializers.CharField(allow_null=True)
    refresh_token = serializers.CharField(allow_null=True)
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that the access token lives.")


class TokenEntryOutput(Output):
    id = serializers.UUIDField(source="public_id")
    kind = serializers.ChoiceField(choices=TokenEntry.Kind.choices)
    amount = serializers.IntegerField(help_text="Signed: negative when tokens were taken.")
    balance_after = serializers.IntegerField()
    reference = serializers.UUIDField(allow_null=True, help_text="The generation that it was for.")
    note = serializers.CharField()
    created_at = UtcDateTimeField()
