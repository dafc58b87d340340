"""This row for this account, or not found. Somebody else's row and a missing one look the same."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from micdots.lib.errors import NotFound
from uploads.models import File, Upload


def upload_for(user: User, public_id: UUID) -> Upload:
    """The account's upload, in any state but one: who gave it up finds it no more. Raises NotFound."""
    uploads = Upload.objects.select_related("owner").exclude(status=Upload.Status.ABORTED)
    try:
        return uploads.get(owner=user, public_id=public_id)
    except Upload.DoesNotExist:
        raise NotFound from None


def file_for(user: User, public_id: UUID) -> File:
    """The account's file with its upload, also one that lies in the bin. Raises NotFound."""
    try:
        return File.objects.owned_by(user).stored().select_related("upload", "owner").get(public_id=public_id)
    except File.DoesNotExist:
        raise NotFound from None
