"""Whom the limits of ``micdots.api`` count against, beside addresses."""

from __future__ import annotations

from accounts.managers import normalise_email


def email_key(email: str) -> str:
    """An e-mail address, whether or not it is an account's: guesses at it add up wherever they come from."""
    return f"email {normalise_email(email)}"


def account_key(account_id: int) -> str:
    return f"account {account_id}"
