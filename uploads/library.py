"""Reads of the file library: what a list contains, and the addresses under which a file is read."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from micdots.lib.errors import Conflict
from micdots.lib.folding import fold
from uploads.models import File, FileShare
from uploads.storage import SignedUrl, store

DOWNLOAD_SECONDS = 3600
_ARCHIVES = ("application/zip",)
# What people call types; a list is narrowed by them.
FAMILIES = {
    "audio": gettext_lazy("Audio"),
    "image": gettext_lazy("Pictures"),
    "video": gettext_lazy("Videos"),
    "document": gettext_lazy("Documents"),
    "archive": gettext_lazy("Archives"),
}


def family_of(content_type: str) -> str:
    """One of ``FAMILIES``: what a person would call a file of this type."""
    if content_type in _ARCHIVES:
        return "archive"
    main = content_type.partition("/")[0]
    return main if main in ("audio", "image", "video") else "document"


def files_for(
    user: User, *, query: str = "", content_type: str = "", family: str = "", deleted: bool = False
) -> QuerySet[File]:
    """The account's files with their uploads, unordered (paging orders).

    Args:
        query: every word of it is the beginning of a word of the name; case and accents do not matter.
        content_type: this type alone.
        family: one of ``FAMILIES``.
        deleted: the bin only, else what is not in it.
    """
    rows = File.objects.owned_by(user).select_related("upload").defer("text_excerpt", "peaks")
    rows = rows.in_bin() if deleted else rows.living()
    for word in fold(query).split():
        rows = rows.filter(Q(search_name__startswith=word) | Q(search_name__contains=f" {word}"))
    if fold(query) == "" and query.strip():
        return rows.none()  # signs alone: no word of any name begins with them
    if content_type:
        rows = rows.filter(content_type=content_type)
    if family in ("audio", "image", "video"):
        rows = rows.filter(content_type__startswith=f"{family}/")
    elif family == "archive":
        rows = rows.filter(content_type__in=_ARCHIVES)
    elif family == "document":
        others = Q(content_type__in=_ARCHIVES)
        for main in ("audio", "image", "video"):
            others |= Q(content_type__startswith=f"{main}/")
        rows = rows.exclude(others)
    return rows


def share_of(file: File) -> FileShare | None:
    """The file's share link, also one that is expired or used up; None where there is none or it was taken back."""
    return file.shares.filter(revoked_at__isnull=True).first()


def download_address(file: File, *, seconds: int = DOWNLOAD_SECONDS) -> SignedUrl:
    """A signed address that saves the file under its name.

    Raises:
        Conflict: it is in the bin.
    """
    if file.deleted_at is not None:
        raise Conflict(_("This file is in the bin. Restore it first."))
    return store().signed_url(file.upload.key, seconds, file_name=file.file_name, content_type=file.content_type)


def listening_address(file: File) -> str:
    """A signed address that plays an audio or video file in place."""
    return store().url(file.upload.key, DOWNLOAD_SECONDS, content_type=file.content_type)


def preview_address(file: File) -> str:
    """A signed address of the small picture; empty where there is none."""
    if not file.preview_kind:
        return ""
    return store().url(file.preview_key, DOWNLOAD_SECONDS, content_type="image/jpeg")
