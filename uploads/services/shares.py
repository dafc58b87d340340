"""The other side of a share link: whoever has it, without an account."""

from __future__ import annotations

import re

from django.contrib.auth.hashers import check_password
from django.db.models import F, Q
from django.utils import timezone

from micdots.lib.errors import Gone, NotFound
from uploads.library import download_address
from uploads.models import File, FileShare

MAX_PASSWORD_CHARACTERS = 128
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Long enough to begin the download. The signed address must not be a way around the link's own limits for long.
_ADDRESS_SECONDS = 300


def open_share(token: str) -> FileShare:
    """The link behind a token, with its file.

    Raises:
        NotFound: there never was such a link, or its file is gone for good.
        Gone: ``expired``, ``used_up`` or ``deleted`` (taken back, or the file is in the bin).
    """
    # Its shape first: there are strings that a database does not take for a question.
    known = FileShare.objects.filter(token=token) if _TOKEN.fullmatch(token) else FileShare.objects.none()
    share = known.select_related("file__upload").first()
    if share is None or share.file.purged_at is not None:
        raise NotFound
    if reason := _why_closed(share):
        raise Gone(reason)
    return share


def is_right_password(share: FileShare, password: str) -> bool:
    """Whether this opens the link. Limiting attempts is the caller's business: it knows who asks."""
    if not share.has_password:
        return True
    return len(password) <= MAX_PASSWORD_CHARACTERS and check_password(password, share.password)


def take_download(share: FileShare) -> str:
    """Count one download and give a signed address for it. Of two at once for the last one, one is refused.

    Raises:
        Gone: no download is left, or the link has ended meanwhile.
    """
    now = timezone.now()
    # The file is looked at in a query of its own. Joined, the whole condition would become a subquery, which PostgreSQL
    # does not look at again after it has waited for another's download: one more than allowed would get through.
    counted = FileShare.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        Q(max_downloads__isnull=True) | Q(downloads_count__lt=F("max_downloads")),
        pk=share.pk,
        revoked_at__isnull=True,
        file__in=File.objects.filter(deleted_at=None, purged_at=None),
    ).update(downloads_count=F("downloads_count") + 1, updated_at=now)
    if not counted:
        share.refresh_from_db()
        raise Gone(_why_closed(share) or "used_up")
    return download_address(share.file, seconds=_ADDRESS_SECONDS).url


def _why_closed(share: FileShare) -> str:
    if share.revoked_at is not None or share.file.deleted_at is not None:
        return "deleted"
    if share.expires_at is not None and share.expires_at <= timezone.now():
        return "expired"
    if share.max_downloads is not None and share.downloads_count >= share.max_downloads:
        return "used_up"
    return ""
