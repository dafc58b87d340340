"""Forgetting an account's uploads and files."""

from __future__ import annotations

from accounts.models import User
from uploads.models import File, Upload, UploadEvent
from uploads.services.completing import last_put_of, let_go
from uploads.services.objects import delete_objects_later


def erase_account(*, account: User) -> None:
    """Delete every upload and file of an account with its objects, in the caller's transaction.

    The log keeps its lines, which say what happened but not to whom: the account is a pseudonym by then, and the
    networks are emptied. Objects that nothing can be put over any more, nearly all of them, are a worker's to delete.
    """
    keys = list(File.objects.owned_by(account).exclude(preview_key="").values_list("preview_key", flat=True))
    uploads = Upload.objects.filter(owner=account)
    for upload in uploads.filter(status__in=[Upload.Status.PENDING, Upload.Status.COMPLETED]).iterator():
        if upload.is_completed and last_put_of(upload) is None:
            keys.append(upload.key)
        else:
            let_go(upload)
    delete_objects_later(keys, by_worker=True)
    File.objects.owned_by(account).delete()
    uploads.delete()
    UploadEvent.objects.filter(account=account).update(address="")
