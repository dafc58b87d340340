"""From an object that somebody put into the storage to a file that can be trusted to be what it says."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from micdots.lib.errors import Conflict, MicDotsError, NotFound, ValidationFailed
from micdots.lib.folding import fold
from uploads.examination import Examined, examine
from uploads.exceptions import ObjectNotFound, Rejected
from uploads.models import MAX_FILE_NAME_CHARACTERS, File, Upload, UploadEvent
from uploads.services.events import record, summary_of
from uploads.services.objects import delete_objects_later
from uploads.services.quota import refuse_above_quota
from uploads.signals import file_completed
from uploads.storage import store

logger = logging.getLogger(__name__)

# A PUT that began in the last second of its address may take this long to end.
SLOW_PUT = timedelta(hours=1)


def complete_upload(*, upload: Upload, parts: Sequence[tuple[int, str]] | None = None, address: str = "") -> Upload:
    """Look at the object that was put, and make a file of it. Again: the same answer.

    No network and no checking happens inside of a transaction; whoever is first of two at once wins, and both answer
    alike.

    Args:
        parts: number and ETag of each part, for a multipart upload only.
        address: of the client, for the record.

    Raises:
        NotFound: its account was erased meanwhile.
        Conflict: nothing is there yet, or the upload is over (expired or aborted).
        Rejected: the object is not what its type says, too large or empty; it is deleted and stays so.
        InvalidParts: the parts are not those that arrived; the upload goes on.
        QuotaExceeded: it does not fit; it waits until there is room or the upload expires.
        StorageError, ServiceUnavailable: storage or scanner did not answer; nothing has changed.
    """
    settled = _settled(upload)
    if settled is not None:
        return settled
    try:
        found = _examine_object(upload, parts)
        return _finish(upload, found, address)
    except Rejected as error:
        return _reject(upload, error, address)
    except MicDotsError as error:
        with transaction.atomic():
            # A line about an upload that was erased meanwhile could not be kept, and should not be.
            if not Upload.objects.select_for_update().filter(pk=upload.pk).values_list("pk"):
                raise NotFound from error
            record(
                UploadEvent.Action.FAILED,
                account=upload.owner,
                address=address,
                scope=upload.scope,
                upload=upload,
                reason=summary_of(error),
            )
        raise


def abort_upload(*, upload: Upload, address: str = "") -> Upload:
    """Give up an upload that is not completed; what was put is deleted. Again: nothing more happens.

    Raises:
        NotFound: its account was erased meanwhile.
        Conflict: it is completed. Delete the file instead.
    """
    with transaction.atomic():
        if not _move(upload, Upload.Status.ABORTED):
            _read_again(upload)
            if upload.is_completed:
                raise Conflict(_("This upload is completed. Delete the file instead."))
            return upload
        let_go(upload)
        record(UploadEvent.Action.ABORTED, account=upload.owner, address=address, scope=upload.scope, upload=upload)
    return upload


def let_go(upload: Upload) -> None:
    """Delete what was put for an upload, in the caller's transaction; once more when nothing can be put any more."""
    delete_objects_later([upload.key], not_before=last_put_of(upload))
    if upload.storage_upload_id:
        transaction.on_commit(partial(_abort_parts, upload.key, upload.storage_upload_id), robust=True)


def last_put_of(upload: Upload) -> datetime | None:
    """Until when something can still arrive under the upload's key; None: not any more."""
    end = upload.expires_at + SLOW_PUT
    return end if end > timezone.now() else None


def _settled(upload: Upload) -> Upload | None:
    """The completed upload, None for one that is under way; raises what became of it otherwise."""
    match upload.status:
        case Upload.Status.COMPLETED:
            return upload
        case Upload.Status.REJECTED:
            raise Rejected(upload.reject_reason)
        case Upload.Status.EXPIRED | Upload.Status.ABORTED:
            raise Conflict(_("This upload is over. Start a new one."))
    return None


def _examine_object(upload: Upload, parts: Sequence[tuple[int, str]] | None) -> Examined:
    objects = store()
    if upload.kind == Upload.Kind.MULTIPART:
        _assemble(upload, parts)
    info = objects.stat(upload.key)
    if info is None:
        raise Conflict(_("Nothing has been put there yet. Send the object to presignedUrl first."))
    refuse_size(info.size_bytes, declared=upload.declared_bytes, most=upload.max_bytes)
    refuse_above_quota(upload.owner, info.size_bytes)
    try:
        found = examine(objects, upload.key, upload.content_type)
    except ObjectNotFound:
        raise Conflict(_("This upload is over. Start a new one.")) from None
    after = objects.stat(upload.key)
    # A server that does not keep to If-None-Match could have let somebody swap the object while it was looked at.
    if after is None or after.etag != info.etag or found.bytes != info.size_bytes:
        raise Conflict(_("The object changed while it was checked. Please try again."))
    return found


def refuse_size(size: int, *, declared: int | None, most: int) -> None:
    """Raises Rejected for an object that is empty, too large, or of another size than was announced."""
    if size == 0:
        raise Rejected(_("This file is empty."))
    if size > most:
        raise Rejected(_("This is larger than the limit of %(most)d bytes.") % {"most": most})
    if declared is not None and size != declared:
        raise Rejected(_("This is not as large as it was announced to be."))


def _assemble(upload: Upload, parts: Sequence[tuple[int, str]] | None) -> None:
    objects = store()
    if not parts:
        if objects.stat(upload.key) is None:
            raise ValidationFailed({"parts": [_("Name the parts: partNumber and eTag of each.")]})
        return  # put together by an earlier call
    numbers = [number for number, _etag in parts]
    if numbers != sorted(set(numbers)):
        raise ValidationFailed({"parts": [_("Each part stands once, in rising order.")]})
    try:
        objects.complete_multipart(upload.key, upload.storage_upload_id, parts)
    except ObjectNotFound:
        # An earlier call put them together and then something failed: go on from there.
        if objects.stat(upload.key) is None:
            raise Conflict(_("This upload is over. Start a new one.")) from None


def _finish(upload: Upload, found: Examined, address: str) -> Upload:
    with transaction.atomic():
        # The account's row is locked: of two completions at once the second sees what the first has taken.
        User.objects.select_for_update().get(pk=upload.owner_id)
        refuse_above_quota(upload.owner, found.bytes)
        moved = _move(
            upload,
            Upload.Status.COMPLETED,
            bytes=found.bytes,
            sha256=found.sha256,
            duration_ms=found.duration_ms,
            completed_at=timezone.now(),
        )
        if moved:
            make_file(upload)
            record(
                UploadEvent.Action.COMPLETED, account=upload.owner, address=address, scope=upload.scope, upload=upload
            )
    if moved:
        return upload
    _read_again(upload)
    settled = _settled(upload)
    if settled is None:
        raise Conflict
    return settled


def make_file(upload: Upload) -> File:
    """The file of an upload that was just completed, in the caller's transaction."""
    if upload.bytes is None:
        raise ValueError("only a completed upload becomes a file")
    file = File.objects.create(
        owner=upload.owner,
        upload=upload,
        file_name=upload.file_name,
        search_name=search_name(upload.file_name),
        content_type=upload.content_type,
        bytes=upload.bytes,
    )
    transaction.on_commit(partial(file_completed.send, sender=File, file=file), robust=True)
    return file


def search_name(file_name: str) -> str:
    """A file's name as the search compares it."""
    return fold(file_name)[: 2 * MAX_FILE_NAME_CHARACTERS]


def _reject(upload: Upload, error: Rejected, address: str) -> Upload:
    """The object goes and the row says why; gives the upload only where somebody else had completed it before."""
    with transaction.atomic():
        moved = _move(upload, Upload.Status.REJECTED, reject_reason=error.reason[:300])
        if moved:
            let_go(upload)
            record(
                UploadEvent.Action.REJECTED,
                account=upload.owner,
                address=address,
                scope=upload.scope,
                upload=upload,
                reason=error.reason,
            )
    if moved:
        logger.info("upload %s was rejected", upload.pk)
        raise error
    _read_again(upload)
    settled = _settled(upload)
    if settled is None:
        raise error
    return settled


def _read_again(upload: Upload) -> None:
    try:
        upload.refresh_from_db()
    except Upload.DoesNotExist:
        raise NotFound from None


def _move(upload: Upload, status: Upload.Status, **fields: object) -> bool:
    """Out of ``pending``, by one conditional update; False where somebody else was first."""
    values = {"status": status, "updated_at": timezone.now(), **fields}
    if not Upload.objects.filter(pk=upload.pk, status=Upload.Status.PENDING).update(**values):
        return False
    for name, value in values.items():
        setattr(upload, name, value)
    return True


def _abort_parts(key: str, upload_id: str) -> None:
    """What is left of this after a crash is swept by ``remove_unfinished``."""
    store().abort_multipart(key, upload_id)
