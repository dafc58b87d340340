"""What an owner can do with a dot, and what becomes of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from generations import lifecycle, renditions, signals
from generations.codes import validate_slug
from generations.models import Dot, DotSlug, DotTag, Generation, Rendition
from micdots.lib.errors import Conflict, ValidationFailed
from micdots.lib.plain_text import forbidden_character
from uploads.services import delete_objects_later

logger = logging.getLogger(__name__)

TITLE_LENGTH = 120
DESCRIPTION_LENGTH = 500
TAGS_AT_MOST, TAG_LENGTH = 20, 40
LINK_LABEL_LENGTH, LINK_URL_LENGTH = 80, 500
PASSWORD_LENGTH = (4, 128)
MAX_PLAYS_LIMIT = 2_147_483_647

# What an owner may change, with the type that the value has.
WRITABLE = frozenset(
    {
        "title",
        "description",
        "slug",
        "is_active",
        "autoplay",
        "starts_at",
        "expires_at",
        "max_plays",
        "password",
        "tags",
        "default_language",
        "link",
    }
)
SEARCHED = frozenset({"title", "description", "tags"})  # what `q` finds a dot by, besides its texts


@transaction.atomic
def update_dot(*, dot: Dot, changes: Mapping[str, Any]) -> Dot:
    """Change what an owner may change. What is not named stays.

    Args:
        dot: locked and written as a whole, so that starts_at < expires_at holds however two requests interleave.
        changes: any of ``title``, ``description``, ``slug`` (None: none), ``is_active``, ``autoplay``, ``starts_at``,
            ``expires_at`` (aware or None), ``max_plays`` (or None), ``password`` (plain text; None clears), ``tags``
            (replaces), ``default_language`` (one that the dot has), ``link`` (``{"label", "url"}`` or None).

    Raises:
        ValidationFailed: names every field that is wrong; nothing is saved.
        Conflict: the dot lies in the bin.
    """
    if unknown := changes.keys() - WRITABLE:
        raise ValueError(f"not for owners to change: {sorted(unknown)}")
    dot = lifecycle.lock_dot(dot.pk)
    if dot.deleted_at:
        raise Conflict(_("This dot is in the bin. Restore it first."))
    wrong: dict[str, list[Any]] = {}
    for name, value in changes.items():
        try:
            _APPLY[name](dot, value)
        except ValidationFailed as error:
            wrong.update(error.details)
    if dot.starts_at and dot.expires_at and dot.starts_at >= dot.expires_at:
        field = "starts_at" if "starts_at" in changes else "expires_at"
        wrong.setdefault(field, []).append(_("It has to start before it ends."))
    if wrong:
        raise ValidationFailed(wrong)
    dot.save()
    if changes.keys() & SEARCHED:
        renditions.refresh_search_text(dot)
    signals.tell(signals.dot_changed, sender=Dot, dot=dot)
    return dot


@transaction.atomic
def delete_dot(*, dot: Dot) -> Dot:
    """Put the dot into the bin: gone in public at once, restorable for a while. What it still makes is cancelled."""
    dot = lifecycle.lock_dot(dot.pk)
    if dot.deleted_at:
        return dot
    dot.deleted_at = timezone.now()
    dot.save(update_fields=["deleted_at", "updated_at"])
    for generation in Generation.objects.running().filter(dot=dot).without_bulk():
        lifecycle.cancel(generation, from_people=True)
    signals.tell(signals.dot_changed, sender=Dot, dot=dot)
    return dot


@transaction.atomic
def restore_dot(*, dot: Dot) -> Dot:
    """Take the dot out of the bin. Raises Conflict when it does not lie there (any more)."""
    dot = lifecycle.lock_dot(dot.pk)
    if not dot.deleted_at or dot.purged_at:
        raise Conflict(_("This dot is not in the bin."))
    dot.deleted_at = None
    dot.save(update_fields=["deleted_at", "updated_at"])
    signals.tell(signals.dot_changed, sender=Dot, dot=dot)
    return dot


def purge_deleted_dots() -> int:
    """Empty the bin of what has lain there for ``DELETED_DOT_DAYS``. Returns how many dots were purged."""
    before = timezone.now() - timedelta(days=settings.DELETED_DOT_DAYS)
    purged = 0
    for pk in list(Dot.objects.filter(deleted_at__lt=before, purged_at=None).values_list("pk", flat=True)):
        purged += _purge(pk, before=before)
    return purged


def erase_account(*, account: User) -> None:
    """Erase everything of an account that is being erased; only the codes stay, so that none is given out again.

    Slugs go too, former ones included: people choose them, and some choose their name.
    """
    for pk in list(Dot.objects.filter(owner=account, purged_at=None).values_list("pk", flat=True)):
        with transaction.atomic():
            delete_dot(dot=Dot.objects.get(pk=pk))
            _purge(pk)
    DotSlug.objects.filter(dot__owner=account).delete()
    Dot.objects.filter(owner=account).update(slug=None)


def add_listening(changes: Mapping[int, tuple[int, int]]) -> None:
    """Add to what dots' pages show as scans and as plays, which ``max_plays`` limits. ``updated_at`` stays.

    Args:
        changes: the key of a dot → scans and plays to add; a negative number takes away, down to nothing.
    """
    rows = sorted((pk, scans, plays) for pk, (scans, plays) in changes.items() if scans or plays)
    added = ", ".join(
        f"{column} = CASE WHEN {column} + %s < 0 THEN 0 ELSE {column} + %s END"
        for column in ("scans_count", "plays_count")
    )
    table = connection.ops.quote_name(Dot._meta.db_table)
    statement = f"UPDATE {table} SET {added} WHERE id = %s"  # noqa: S608 - a name of our own
    with connection.cursor() as cursor:
        # By key, so that two who count the same dots do not wait for each other.
        cursor.executemany(statement, [(scans, scans, plays, plays, pk) for pk, scans, plays in rows])


def set_listening(*, dot_id: int, scans: int, plays: int) -> None:
    """What the dot's pages show as scans and plays, counted anew. ``updated_at`` stays."""
    Dot.objects.filter(pk=dot_id).update(scans_count=scans, plays_count=plays)


def _purge(pk: int, before: Any = None) -> bool:
    with transaction.atomic():
        dot = lifecycle.lock_dot(pk)
        if dot.purged_at or dot.deleted_at is None or (before and dot.deleted_at >= before):
            return False
        generations = list(dot.generations.only("pk", "audio_key"))
        delete_objects_later([*(row.audio_key for row in generations), dot.qr_png_key, dot.qr_svg_key])
        Rendition.objects.filter(dot=dot).delete()
        Generation.objects.filter(pk__in=[row.pk for row in generations]).delete()
        DotTag.objects.filter(dot=dot).delete()
        # The row stays, and its former slugs with it: a printed code answers "gone", and nobody else gets it.
        dot.title = dot.description = dot.password = dot.link_label = dot.link_url = dot.search_text = ""
        dot.qr_png_key = dot.qr_svg_key = dot.qr_url = ""
        dot.qr_drawn_at = None
        dot.purged_at = timezone.now()
        dot.save()
        signals.tell(signals.dot_changed, sender=Dot, dot=dot)
        return True


# --- One function a field: check, then set --------------------------------------------------------------------------


def _set_title(dot: Dot, value: str) -> None:
    dot.title = _text("title", value, TITLE_LENGTH)
    if not dot.title:
        raise ValidationFailed({"title": [_("Please give it a title.")]})


def _set_description(dot: Dot, value: str) -> None:
    dot.description = _text("description", value, DESCRIPTION_LENGTH)


def _set_slug(dot: Dot, value: str | None) -> None:
    if not value:
        dot.slug = None
        return
    slug = validate_slug(value)
    taken, _created = DotSlug.objects.get_or_create(slug=slug, defaults={"dot": dot})
    if taken.dot_id != dot.pk:
        raise ValidationFailed({"slug": [_("This is taken. Please choose another one.")]})
    dot.slug = slug


def _set_max_plays(dot: Dot, value: int | None) -> None:
    if value is not None and not 1 <= value <= MAX_PLAYS_LIMIT:
        raise ValidationFailed({"max_plays": [_("Choose a whole number from 1, or leave it empty for no limit.")]})
    dot.max_plays = value


def _set_password(dot: Dot, value: str | None) -> None:
    if value is None:
        dot.password = ""
        return
    least, most = PASSWORD_LENGTH
    if not least <= len(value) <= most:
        raise ValidationFailed(
            {"password": [_("Use %(least)d to %(most)d characters.") % {"least": least, "most": most}]}
        )
    dot.password = make_password(value)


def _set_tags(dot: Dot, value: list[str]) -> None:
    names = list(dict.fromkeys(re.sub(r"\s+", " ", name).strip() for name in value))
    if len(names) > TAGS_AT_MOST:
        raise ValidationFailed({"tags": [_("Use at most %(limit)d tags.") % {"limit": TAGS_AT_MOST}]})
    for name in names:
        if not 1 <= len(name) <= TAG_LENGTH or "," in name:
            raise ValidationFailed(
                {"tags": [_("A tag has 1 to %(limit)d characters and no comma.") % {"limit": TAG_LENGTH}]}
            )
    DotTag.objects.filter(dot=dot).exclude(name__in=names).delete()
    DotTag.objects.bulk_create([DotTag(dot=dot, name=name) for name in names], ignore_conflicts=True)


def _set_default_language(dot: Dot, value: str) -> None:
    languages = {language.lower(): language for language in dot.renditions.values_list("language", flat=True)}
    if value.lower() not in languages:
        raise ValidationFailed({"default_language": [_("Choose a language that this dot has a voice in.")]})
    dot.default_language = languages[value.lower()]


def _set_link(dot: Dot, value: Mapping[str, str] | None) -> None:
    if value is None:
        dot.link_label = dot.link_url = ""
        return
    label, url = _text("link", value.get("label") or "", LINK_LABEL_LENGTH), (value.get("url") or "").strip()
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits or len(url) > LINK_URL_LENGTH or re.search(r"[\s\\]", url):
        raise ValidationFailed({"link": [_("Please give a full web address that starts with http:// or https://.")]})
    dot.link_label, dot.link_url = label or parts.hostname or "", url


def _text(field: str, value: str, limit: int) -> str:
    value = value.replace("\r\n", "\n").strip()  # browsers send both
    if forbidden_character(value):
        raise ValidationFailed({field: [_("This holds a character that cannot be used here. Please type it again.")]})
    if len(value) > limit:
        raise ValidationFailed({field: [_("Please use at most %(limit)d characters.") % {"limit": limit}]})
    return value


def _plain(field: str) -> Any:
    def apply(dot: Dot, value: Any) -> None:
        setattr(dot, field, value)

    return apply


_APPLY: dict[str, Any] = {
    "title": _set_title,
    "description": _set_description,
    "slug": _set_slug,
    "is_active": _plain("is_active"),
    "autoplay": _plain("autoplay"),
    "starts_at": _plain("starts_at"),
    "expires_at": _plain("expires_at"),
    "max_plays": _set_max_plays,
    "password": _set_password,
    "tags": _set_tags,
    "default_language": _set_default_language,
    "link": _set_link,
}
