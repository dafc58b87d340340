"""This row for this account, or not found. Somebody else's row and a missing one look the same."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from generations.codes import normalise_code
from generations.models import Dot, Generation
from micdots.lib.errors import NotFound


def dot_for(user: User, public_id: UUID) -> Dot:
    """The account's dot, also one that lies in the bin. Raises NotFound."""
    return _dot(user, public_id=public_id)


def dot_by_code_for(user: User, code: str) -> Dot:
    """The account's dot by its code, in any letter case. Raises NotFound."""
    # Its shape first: there are strings that a database does not take for a question.
    known = normalise_code(code)
    if known is None:
        raise NotFound
    return _dot(user, code=known)


def _dot(user: User, **lookup: object) -> Dot:
    dots = Dot.objects.owned_by(user).prefetch_related("renditions__generation__voice", "tag_rows")
    try:
        return dots.get(**lookup)
    except Dot.DoesNotExist:
        raise NotFound from None


def generation_for(user: User, public_id: UUID) -> Generation:
    """The account's generation with its dot and voice. Raises NotFound."""
    generations = Generation.objects.owned_by(user).select_related("dot", "voice", "replaces", "owner")
    try:
        return generations.get(public_id=public_id)
    except Generation.DoesNotExist:
        raise NotFound from None
