"""What a password may be, beyond Django's own rules."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from micdots.lib.plain_text import forbidden_character


class MaximumLengthValidator:
    """Refuses passwords that only serve to keep the hash function busy."""

    def __init__(self, max_length: int = 128) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(
                _("This password is too long. It may have %(max_length)d characters."),
                code="password_too_long",
                params={"max_length": self.max_length},
            )

    def get_help_text(self) -> str:
        return _("Your password may have at most %(max_length)d characters.") % {"max_length": self.max_length}


def no_control_characters(text: str) -> None:
    """Refuses what no keyboard types and no page can show."""
    if forbidden_character(text.replace("\r\n", "\n")):
        raise ValidationError(_("This text holds a character that cannot be used here."), code="control_character")
