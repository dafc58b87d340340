"""Reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from accounts.models import User
from uploads.models import DoomedObject, File, Upload
from uploads.ownership import OwnedObject


@dataclass(frozen=True)
class StorageUsage:
    """What an account keeps, in bytes: files in all scopes, the bin included, generated audio not."""

    used: int
    limit: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


def storage_usage(account: User) -> StorageUsage:
    """How full the account's storage is."""
    # As File.objects.owned_by(account).stored() adds up, without being compiled for every address that is signed.
    with connection.cursor() as cursor:
        cursor.execute("SELECT SUM(bytes) FROM uploads_file WHERE owner_id = %s AND purged_at IS NULL", [account.pk])
        used = int(cursor.fetchone()[0] or 0)
    own = account.storage_quota_bytes
    return StorageUsage(used=used, limit=settings.STORAGE_QUOTA_BYTES if own is None else own)


def doomed_objects() -> Iterator[OwnedObject]:
    """The objects that wait to be deleted, for the storage check: theirs is nobody else's any more."""
    for key in DoomedObject.objects.values_list("key", flat=True).iterator():
        yield OwnedObject(key=key, is_written=False)


def owned_objects() -> Iterator[OwnedObject]:
    """Every object that an upload or a file names."""
    kept = (Upload.Status.PENDING, Upload.Status.COMPLETED)
    uploads = Upload.objects.filter(status__in=kept, file__purged_at__isnull=True)
    for key, size, status in uploads.values_list("key", "bytes", "status").iterator():
        yield OwnedObject(key, size, is_written=status == Upload.Status.COMPLETED)
    previews = File.objects.stored().exclude(preview_key="")
    for key, size, made_at in previews.values_list("preview_key", "preview_bytes", "preview_made_at").iterator():
        yield OwnedObject(key, size, is_written=made_at is not None)
