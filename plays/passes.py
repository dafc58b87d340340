"""Passes: what a page gives to its own audio and captions, so that they answer for 12 hours.

A pass belongs to one dot and to the password that it has now: with another password it is worthless. It is needed where
there is a password, and where plays are counted down: whoever is on the page when the last one is used up may finish.
"""

from __future__ import annotations

import hashlib
import hmac

from django.core import signing

from generations.models import Dot

PASS_SECONDS = 12 * 60 * 60


def needs_pass(dot: Dot) -> bool:
    return dot.has_password or dot.max_plays is not None


def issue_pass(dot: Dot) -> str:
    """A token for the query string, at most 80 characters."""
    return _signer().sign(_subject(dot)).removeprefix(f"{_subject(dot)}:")


def is_valid_pass(dot: Dot, token: str) -> bool:
    """Whether this dot gave out the token, within the last 12 hours and under its present password."""
    try:
        _signer().unsign(f"{_subject(dot)}:{token}", max_age=PASS_SECONDS)
    except signing.BadSignature:
        return False
    return True


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="plays.passes")


def _subject(dot: Dot) -> str:
    """What is signed: the code, and a digest of the stored password that tells nothing about it."""
    digest = hmac.new(b"plays.passes", dot.password.encode(), hashlib.sha256).hexdigest()[:16] if dot.password else "-"
    return f"{dot.code}.{digest}"
