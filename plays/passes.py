"""Passes: what a page gives to its own audio and captions, so that they answer for 12 hours.

A pass belongs to one dot and to the password that it has now: with another password it is worthless. It is needed where
there is a password, and where plays are counted down: whoever is on the page when the last one is used up may finish.

Each pass begins with a random name. Where plays are counted down it names the visit: what asks for the audio with it is
one play, in how many parts whatsoever, and nobody can choose a name.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.core import signing

from generations.models import Dot

PASS_SECONDS = 12 * 60 * 60


def needs_pass(dot: Dot) -> bool:
    return dot.has_password or dot.max_plays is not None


def issue_pass(dot: Dot) -> str:
    """A token for the query string, at most 80 characters."""
    subject, name = _subject(dot), secrets.token_urlsafe(12)
    return f"{name}:{_signer().sign(f'{subject}.{name}').removeprefix(f'{subject}.{name}:')}"


def is_valid_pass(dot: Dot, token: str) -> bool:
    """Whether this dot gave out the token, within the last 12 hours and under its present password."""
    return visit_of_pass(dot, token) is not None


def visit_of_pass(dot: Dot, token: str) -> str | None:
    """The name of the page view that a pass was given to, 16 characters; None where the pass is not valid."""
    name, _colon, signature = token.partition(":")
    try:
        _signer().unsign(f"{_subject(dot)}.{name}:{signature}", max_age=PASS_SECONDS)
    except signing.BadSignature:
        return None
    return name


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="plays.passes")


def _subject(dot: Dot) -> str:
    """What is signed: the code, and a digest of the stored password that tells nothing about it."""
    digest = hmac.new(b"plays.passes", dot.password.encode(), hashlib.sha256).hexdigest()[:16] if dot.password else "-"
    return f"{dot.code}.{digest}"
