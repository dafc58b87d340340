"""What a person does with files: add by a form, rename, delete, restore, share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import BinaryIO

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from micdots.lib.errors import Conflict, ValidationFailed
from uploads.examination import examine_file
from uploads.models import File, FileShare, Scope, Upload, UploadEvent
from uploads.names import BadName, clean_file_name, extension_for
from uploads.services.completing import last_put_of, let_go, make_file, refuse_size, search_name
from uploads.services.events import record, refusals_recorded
from uploads.services.in_use import files_in_use
from uploads.services.objects import delete_objects_later
from uploads.services.quota import refuse_above_quota
from uploads.services.signing import read_wish, refuse_scope
from uploads.signals import file_delete_requested
from uploads.storage import new_key, store


def store_form_file(
    *,
    owner: User,
    file: BinaryIO,
    file_name: str,
    content_type: str,
    size: int,
    scope: str = Scope.FILES,
    address: str = "",
) -> File:
    """Keep a file that came through MicDots itself, in a form: for browsers without JavaScript and for ``curl -F``.

    It is looked at before anything is stored.

    Args:
        file: open, can be read twice (Django keeps a large one in a temporary file); left open.
        size: its length in bytes.

    Raises:
        ValidationFailed: names ``file_name``, ``content_type`` or ``file_size``; or ``upload`` for what the content is.
        Forbidden, QuotaExceeded, StorageError: nothing was stored.
    """
    with refusals_recorded(account=owner, address=address, scope=scope):
        return _store_form_file(owner, file, file_name, content_type, size, scope, address)


def _store_form_file(
    owner: User, file: BinaryIO, file_name: str, content_type: str, size: int, scope: str, address: str
) -> File:
    refuse_scope(owner, scope)
    most = settings.UPLOAD_MAX_BYTES
    refuse_size(size, declared=None, most=most)
    wanted = read_wish(scope, file_name, content_type, size, most=most)
    refuse_above_quota(owner, size)
    file.seek(0)
    found = examine_file(file, wanted.content_type)
    upload = Upload.objects.create(
        owner=owner,
        scope=scope,
        key=new_key(scope, wanted.extension),
        file_name=wanted.file_name,
        content_type=wanted.content_type,
        declared_bytes=size,
        max_bytes=most,
        expires_at=timezone.now(),
    )
    try:
        file.seek(0)
        store().put(upload.key, file, wanted.content_type)
        with transaction.atomic():
            User.objects.select_for_update().get(pk=owner.pk)
            refuse_above_quota(owner, found.bytes)
            upload.status = Upload.Status.COMPLETED
            upload.bytes, upload.sha256, upload.duration_ms = found.bytes, found.sha256, found.duration_ms
            upload.completed_at = timezone.now()
            upload.save(update_fields=["status", "bytes", "sha256", "duration_ms", "completed_at", "updated_at"])
            made = make_file(upload)
            record(UploadEvent.Action.COMPLETED, account=owner, address=address, scope=scope, upload=upload)
    except BaseException:
        with transaction.atomic():
            Upload.objects.filter(pk=upload.pk).update(status=Upload.Status.ABORTED)
            let_go(upload)
        raise
    return made


def rename_file(*, file: File, file_name: str) -> File:
    """Give a file another name; its extension has to fit its type, or may be left out.

    Raises:
        ValidationFailed: names ``file_name``.
    """
    try:
        name = clean_file_name(file_name)
        extension_for(name, file.content_type)
    except BadName as error:
        raise ValidationFailed({"file_name": [error.message]}) from None
    file.file_name, file.search_name = name, search_name(name)
    file.save(update_fields=["file_name", "search_name", "updated_at"])
    return file


def delete_file(*, file: File) -> File:
    """Put a file into the bin; its share link ends. What lies there already stays as it is.

    Raises:
        Conflict: something needs it.
    """
    with transaction.atomic():
        locked = File.objects.select_for_update().get(pk=file.pk)
        if locked.deleted_at is None:
            if files_in_use([locked.pk]):
                raise Conflict(_("This file is in use. Take it out of what uses it first."))
            file_delete_requested.send(sender=File, file=locked)
            locked.deleted_at = timezone.now()
            locked.save(update_fields=["deleted_at", "updated_at"])
            locked.shares.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
    file.deleted_at = locked.deleted_at
    return file


def restore_file(*, file: File) -> File:
    """Take a file out of the bin again. One that is not in it stays as it is.

    Raises:
        Conflict: it is too late, the object is gone.
    """
    restored = File.objects.stored().filter(pk=file.pk).update(deleted_at=None, updated_at=timezone.now())
    if not restored:
        raise Conflict(_("This file is gone for good."))
    file.deleted_at = None
    return file


def share_file(
    *,
    file: File,
    expires_at: datetime | None = None,
    password: str | None = None,
    max_downloads: int | None = None,
) -> FileShare:
    """Make a link that opens the file to whoever has it. A former link of the file ends.

    Args:
        expires_at: None: it stays until it is taken back.
        password: 4 to 128 characters, kept as a hash; None or empty: none is asked for.
        max_downloads: at least 1; None: as many as one likes.

    Raises:
        Conflict: the file is in the bin.
        ValidationFailed: names ``expires_at``, ``password`` or ``max_downloads``.
    """
    wrong: dict[str, list[str]] = {}
    if expires_at is not None and expires_at <= timezone.now():
        wrong["expires_at"] = [_("This has to be in the future.")]
    if password and not 4 <= len(password) <= 128:
        wrong["password"] = [_("A password has 4 to 128 characters.")]
    if max_downloads is not None and not 1 <= max_downloads <= 1_000_000:
        wrong["max_downloads"] = [_("This must be between %(least)d and %(most)d.") % {"least": 1, "most": 1_000_000}]
    if wrong:
        raise ValidationFailed(wrong)
    with transaction.atomic():
        locked = File.objects.select_for_update().get(pk=file.pk)
        if locked.deleted_at is not None or locked.purged_at is not None:
            raise Conflict(_("This file is in the bin. Restore it first."))
        locked.shares.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
        return FileShare.objects.create(
            file=locked,
            expires_at=expires_at,
            password=make_password(password) if password else "",
            max_downloads=max_downloads,
        )


def unshare_file(*, file: File) -> None:
    """End the file's share link. Having none is no error."""
    file.shares.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())


def purge_file(*, file: File) -> bool:
    """Delete a file's object and preview for good. The row stays, without its name, for what was made from it.

    Returns whether it was done: False where somebody else did it, or something needs the file.
    """
    with transaction.atomic():
        locked = File.objects.stored().select_for_update().select_related("upload").filter(pk=file.pk).first()
        if locked is None or files_in_use([locked.pk]):
            return False
        delete_objects_later([locked.upload.key], not_before=last_put_of(locked.upload))
        delete_objects_later([locked.preview_key])
        locked.shares.all().delete()
        File.objects.filter(pk=locked.pk).update(
            purged_at=timezone.now(),
            deleted_at=locked.deleted_at or timezone.now(),
            file_name="",
            search_name="",
            text_excerpt="",
            peaks=[],
            preview_key="",
            preview_kind="",
            preview_bytes=None,
            updated_at=timezone.now(),
        )
        Upload.objects.filter(pk=locked.upload_id).update(file_name="", updated_at=timezone.now())
    return True


def bin_limit() -> datetime:
    """Files that went into the bin before this moment go for good."""
    return timezone.now() - timedelta(days=settings.FILE_BIN_DAYS)
