"""What the pages of the library show. A page and the fragment that keeps it up to date share their context."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from micdots.lib.waveform import HEIGHT, WIDTH, wave_path
from uploads.library import family_of, listening_address, preview_address, share_of
from uploads.models import File, FileShare
from uploads.previews import has_preview
from uploads.selectors import StorageUsage, storage_usage
from uploads.services.in_use import files_in_use

# A preview that is not there by then is not waited for any longer.
_PREVIEW_PATIENCE = timedelta(minutes=10)
# From this size on a file goes in parts: a cut costs one part, not all.
_PARTS_FROM = 32 * 1024**2
_FAMILY_MARKS = {"audio": "♪", "image": "▣", "video": "▷", "document": "≡", "archive": "▤"}


@dataclass(frozen=True)
class Row:
    """A file as the list shows it."""

    file: File
    mark: str  # a sign for its family, where there is no picture
    kind: str  # its extension in capitals, as people call types
    picture: str  # address of the small picture, or empty


@dataclass(frozen=True)
class Drawing:
    """A waveform, ready for its SVG."""

    path: str
    width: int  # the drawing's own units
    height: int
    label: str  # what it shows, for those who do not see it
    seconds: float  # that its width stands for


def row_of(file: File) -> Row:
    family = family_of(file.content_type)
    extension = file.upload.key.rpartition(".")[2].upper()
    return Row(file=file, mark=_FAMILY_MARKS[family], kind=extension, picture=preview_address(file))


def usage_context(account: User) -> dict[str, Any]:
    usage: StorageUsage = storage_usage(account)
    percent = 100 if usage.limit <= 0 else min(100, round(100 * usage.used / usage.limit))
    return {"usage": usage, "usage_percent": percent, "is_full": usage.left == 0}


def upload_settings() -> dict[str, Any]:
    """What the page's script has to know, its words included."""
    return {
        "mostBytes": max(settings.MULTIPART_MAX_BYTES, settings.UPLOAD_MAX_BYTES),
        "partsFrom": min(_PARTS_FROM, settings.UPLOAD_MAX_BYTES),
        "words": {
            "waiting": _("Waiting"),
            "progress": _("{sent} of {total}"),
            "pace": _("{speed} a second, {left} left"),
            "checking": _("Being checked…"),
            "done": _("Stored"),
            "cancelled": _("Cancelled"),
            "network": _("The connection was lost. What was sent already is kept where possible."),
            "refused": _("The storage did not take the file. Please try again."),
            "session": _("Your session has ended. Sign in again in another tab, then press Retry."),
            "server": _("Something went wrong on our side. Please try again."),
            "tooLarge": _("This file is larger than the limit of {limit}."),
            "empty": _("This file is empty."),
            "begun": _("Uploading: {count}"),
            "saidHalf": _("{name}: half done"),
            "saidDone": _("{name} is stored."),
            "saidFailed": _("{name} failed: {reason}"),
            "saidCancelled": _("{name} is cancelled."),
            "copied": _("Copied"),
            "notCopied": _("Could not be copied; please copy the link by hand."),
        },
    }


def preview_context(file: File) -> dict[str, Any]:
    """What is shown of a file before it is opened."""
    family = family_of(file.content_type)
    pending = (
        has_preview(file.content_type)
        and file.preview_made_at is None
        and file.created_at > timezone.now() - _PREVIEW_PATIENCE
    )
    return {
        "file": file,
        "row": row_of(file),
        "family": family,
        "media_url": listening_address(file) if family in ("audio", "video") else "",
        "is_page": file.preview_kind == File.PreviewKind.PAGE,
        "is_pending": pending,
        "waveform": _waveform(file) if family == "audio" else None,
    }


def _waveform(file: File) -> Drawing | None:
    """The picture of a sound; None where there is none (yet)."""
    if not file.peaks:
        return None
    seconds = file.upload.duration_seconds or 0
    loudest = seconds * file.peaks.index(max(file.peaks)) / len(file.peaks)
    label = _("Waveform of %(name)s: %(length)s long, loudest at %(moment)s") % {
        "name": file.file_name,
        "length": _clock(seconds),
        "moment": _clock(loudest),
    }
    return Drawing(path=wave_path(file.peaks), width=WIDTH, height=HEIGHT, label=label, seconds=seconds)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}


def share_context(file: File) -> dict[str, Any]:
    share: FileShare | None = share_of(file)
    return {
        "file": file,
        "share": share,
        "share_url": f"{settings.SITE_URL}/s/{share.token}" if share else "",
        "is_open": share is not None and share.is_open,
    }


def file_context(file: File) -> dict[str, Any]:
    """Everything that a file's page shows."""
    return {
        **preview_context(file),
        **share_context(file),
        "is_in_use": bool(files_in_use([file.pk])),
        "days_in_bin": settings.FILE_BIN_DAYS,
        "upload_settings": upload_settings(),
    }
