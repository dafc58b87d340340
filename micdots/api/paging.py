"""Lists by cursor: each page starts after a row, not at a number, so rows that are added move nothing.

A cursor holds the sort, the direction and the sort fields' values of the row it starts after, with the key as the last
of them so that the order is total. It is signed: what comes back is what was handed out, or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from micdots.api.envelope import Page
from micdots.api.fields import IntegerParam, StrictCharField, StrictChoiceField
from micdots.api.serializers import Query
from micdots.lib.errors import ValidationFailed

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
_SALT = "micdots.api.cursor"


@dataclass(frozen=True)
class Listing:
    """How a list may be sorted.

    The model fields of a sort must not be null, and an index should serve each sort together with the key.

    Attributes:
        sorts: name in ``?sort=`` → model fields, in order. ``createdAt`` is always there.
        default: a name with or without a minus sign.
    """

    sorts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default: str = "-createdAt"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sorts", {"createdAt": ("created_at",), **self.sorts})

    @property
    def words(self) -> list[str]:
        """Everything that ``?sort=`` takes."""
        return [word for name in self.sorts for word in (name, f"-{name}")]

    def query(self) -> type[Query]:
        """The parameters ``limit``, ``cursor`` and ``sort`` of this list."""
        parameters = {
            "limit": IntegerParam(minimum=1, maximum=MAX_LIMIT, default=DEFAULT_LIMIT),
            # Longer than the longest that is given out: 255 characters outside of the first plane make one of 4,200.
            "cursor": StrictCharField(
                max_length=8000, help_text=gettext_lazy("nextCursor or previousCursor of another page, with its sort.")
            ),
            "sort": StrictChoiceField(
                self.words, default=self.default, help_text=gettext_lazy("A minus sign turns the order round.")
            ),
        }
        return type("ListingQuery", (Query,), parameters)


@dataclass(frozen=True)
class _Cursor:
    """Where a page starts: after the row with these ``values``, reading ``backwards`` or not."""

    model: str
    sort: str
    backwards: bool
    values: list[Any]

    def __str__(self) -> str:
        values = [value.isoformat() if isinstance(value, datetime) else value for value in self.values]
        return signing.Signer(salt=_SALT).sign_object([self.model, self.sort, self.backwards, values])


def _read_cursor(text: str, model: str, sort: str) -> _Cursor:
    """Raises ``ValidationFailed`` where the cursor is not one of this list in this order."""
    try:
        cursor = _Cursor(*signing.Signer(salt=_SALT).unsign_object(text))
    except Exception as error:  # whatever base64, zlib or JSON make of somebody's bytes
        raise ValidationFailed({"cursor": [_("This cursor is not valid. Start again without one.")]}) from error
    if (cursor.model, cursor.sort) != (model, sort):
        raise ValidationFailed({"cursor": [_("This cursor belongs to another list or order.")]})
    return cursor


def paginate(
    rows: QuerySet[Any],
    *,
    listing: Listing,
    limit: int,
    sort: str,
    cursor: str | None,
    show: Callable[[Sequence[Any]], Sequence[Any]],
) -> Page:
    """One page of ``rows``: one query, whatever the page.

    Args:
        rows: what the caller may see, filtered; any order it has is replaced.
        listing: the sorts of this list.
        limit: rows a page, 1 to 100.
        sort: one of ``listing.words``.
        cursor: None for the first page.
        show: turns rows into JSON data.

    Raises:
        ValidationFailed: the cursor is broken or belongs to another list or sort.
    """
    model = rows.model._meta.label_lower
    names = (*listing.sorts[sort.removeprefix("-")], "pk")
    start = _read_cursor(cursor, model, sort) if cursor is not None else None
    backwards = start is not None and start.backwards
    descending = sort.startswith("-") != backwards
    if start is not None:
        rows = rows.filter(_after(names, start.values, descending=descending))
    found = list(rows.order_by(*(f"-{name}" if descending else name for name in names))[: limit + 1])
    more = len(found) > limit
    page = found[:limit]
    if backwards:
        page.reverse()

    def cursor_at(row: Any, *, backwards: bool) -> str:
        values = [getattr(row, name) for name in names]
        return str(_Cursor(model=model, sort=sort, backwards=backwards, values=values))

    has_next = bool(page) and (more if not backwards else True)
    has_previous = bool(page) and (more if backwards else start is not None)
    return Page(
        rows=show(page),
        limit=limit,
        next_cursor=cursor_at(page[-1], backwards=False) if has_next else None,
        previous_cursor=cursor_at(page[0], backwards=True) if has_previous else None,
    )


def _after(names: Sequence[str], values: Sequence[Any], *, descending: bool) -> Q:
    """Rows behind ``values``: ``a > x OR (a = x AND b > y) …``; ``a >= x`` besides lets the database use an index."""
    beyond = "lt" if descending else "gt"
    steps = []
    for place, name in enumerate(names):
        same = {names[before]: values[before] for before in range(place)}
        steps.append(Q(**same, **{f"{name}__{beyond}": values[place]}))
    return Q(**{f"{names[0]}__{beyond}e": values[0]}) & reduce(or_, steps)
