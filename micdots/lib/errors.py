"""One error family for everything that MicDots refuses or cannot do.

Pages turn a :class:`MicDotsError` into a form error or a message, the API into the envelope
``{"success": false, "error": {"code", "message", "details"}}``. The codes are a public contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

Details = dict[str, Any]


class MicDotsError(Exception):
    """Something that is told to the caller.

    Attributes:
        code: stable machine-readable code, as documented for API clients.
        status: the HTTP status that goes with it.
        permanent: False where trying the same again later can help.
        message: one translatable sentence for a person.
        details: more for a program; for ``VALIDATION_ERROR`` a field name → list of messages.
    """

    code = "INTERNAL_ERROR"
    status = 500
    permanent = True
    default_message: Any = _("Something went wrong on our side. Please try again.")

    def __init__(self, message: Any = None, *, details: Mapping[str, Any] | None = None) -> None:
        self.message = message if message is not None else self.default_message
        self.details: Details = dict(details or {})
        super().__init__(str(self.message))


class ValidationFailed(MicDotsError):
    """Input that its sender can put right; ``details`` maps a field to its messages."""

    code = "VALIDATION_ERROR"
    status = 400
    default_message = _("Some of what you sent needs another look.")

    def __init__(self, details: Mapping[str, list[Any]], message: Any = None) -> None:
        super().__init__(message, details=details)


class Unauthorized(MicDotsError):
    code = "UNAUTHORIZED"
    status = 401
    default_message = _("Authentication required.")


class InsufficientTokens(MicDotsError):
    """The balance does not cover the price; nothing was taken."""

    code = "INSUFFICIENT_TOKENS"
    status = 402

    def __init__(self, *, required: int, available: int) -> None:
        super().__init__(
            _("This costs %(required)d tokens and you have %(available)d. Shorten the text or ask for more tokens.")
            % {"required": required, "available": available},
            details={"required": required, "available": available},
        )


class Forbidden(MicDotsError):
    code = "FORBIDDEN"
    status = 403
    default_message = _("You are not allowed to do this.")


class EmailNotVerified(MicDotsError):
    code = "EMAIL_NOT_VERIFIED"
    status = 403
    default_message = _("Please confirm your e-mail address first: open the link in the mail we sent you.")


class AccountSuspended(MicDotsError):
    code = "ACCOUNT_SUSPENDED"
    status = 403
    default_message = _("This account is suspended. Please contact the people who run this service.")


class NotFound(MicDotsError):
    code = "NOT_FOUND"
    status = 404
    default_message = _("There is no such thing here.")


class Conflict(MicDotsError):
    code = "CONFLICT"
    status = 409
    default_message = _("This cannot be done in the present state.")


class Gone(MicDotsError):
    """Was there once, or will be; ``reason`` is a word such as ``paused`` or ``expired``."""

    code = "GONE"
    status = 410
    default_message = _("This is not available now.")

    def __init__(self, reason: str, message: Any = None) -> None:
        super().__init__(message, details={"reason": reason})


class PayloadTooLarge(MicDotsError):
    code = "PAYLOAD_TOO_LARGE"
    status = 413
    default_message = _("This is too large.")


class RateLimited(MicDotsError):
    """Too many calls; ``retry_after`` is in whole seconds, at least 1."""

    code = "RATE_LIMITED"
    status = 429
    permanent = False
    default_message = _("Too many attempts. Please wait a moment and try again.")

    def __init__(self, *, retry_after: int) -> None:
        super().__init__()
        self.retry_after = max(1, retry_after)


class ServiceUnavailable(MicDotsError):
    """A dependency is down or the installation is being worked on; nothing half-done is left."""

    code = "SERVICE_UNAVAILABLE"
    status = 503
    permanent = False
    default_message = _("This is not available at the moment. Please try again in a few minutes.")
