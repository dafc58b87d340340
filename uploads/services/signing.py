"""Addresses to which clients put objects, straight into the storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from micdots.lib.errors import Conflict, Forbidden, NotFound, ValidationFailed
from micdots.lib.plain_sql import insert
from uploads.models import Scope, Upload, UploadEvent
from uploads.names import BadName, clean_file_name, extension_for
from uploads.services.events import record, refusals_recorded
from uploads.services.quota import refuse_above_quota
from uploads.storage import new_key, store
from uploads.storage.content_types import read_type

MIN_URL_SECONDS, MAX_URL_SECONDS = 60, 3600
MAX_PARTS = 10_000  # S3's
MAX_PARTS_AT_ONCE = 100  # signed by one call


@dataclass(frozen=True)
class SignedUpload:
    """What a client needs to put one object into the storage."""

    upload: Upload
    url: str
    headers: dict[str, str]  # the PUT carries exactly these
    expires_in: int  # seconds, as asked for
    expires_at: datetime
    bucket: str


@dataclass(frozen=True)
class SignedPart:
    part_number: int  # from 1
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class SignedMultipart:
    upload: Upload
    parts: list[SignedPart]  # the first ones, at most 100; the others by ``sign_parts``


@dataclass(frozen=True)
class Wish:
    """What was asked for, read and found right."""

    file_name: str
    content_type: str
    extension: str


def request_upload(
    *,
    owner: User,
    scope: str,
    file_name: str,
    content_type: str,
    expires_in: int | None = None,
    file_size: int | None = None,
    address: str = "",
) -> SignedUpload:
    """Sign an address for one object of one use. Signs without a request to the storage.

    Args:
        file_name: the original name; only its extension reaches the key.
        content_type: a MIME type; parameters such as ``;codecs=opus`` are dropped.
        expires_in: seconds, 60 to 3600; None: the installation's default.
        file_size: bytes; signed when given, so that the storage refuses a body of another length.
        address: of the client, for the record.

    Raises:
        NotFound: there is no such scope.
        Forbidden: the scope is for administrators.
        ValidationFailed: names the parameters that are wrong.
        QuotaExceeded: the account's storage is full, or would be.
    """
    refuse_scope(owner, scope)
    seconds = settings.UPLOAD_URL_SECONDS if expires_in is None else expires_in
    wanted = read_wish(
        scope, file_name, content_type, file_size, most=settings.UPLOAD_MAX_BYTES, needs_size=False, expires_in=seconds
    )
    refuse_above_quota(owner, file_size or 1)
    objects = store()
    key = new_key(scope, wanted.extension)
    signed = objects.presign_put(key, wanted.content_type, file_size, seconds)
    upload = Upload(
        owner=owner,
        scope=scope,
        key=key,
        file_name=wanted.file_name,
        content_type=wanted.content_type,
        declared_bytes=file_size,
        max_bytes=settings.UPLOAD_MAX_BYTES,
        expires_at=signed.expires_at,
    )
    with transaction.atomic():
        insert(upload)
        record(UploadEvent.Action.SIGNED, account=owner, address=address, scope=scope, upload=upload)
    return SignedUpload(
        upload=upload,
        url=signed.url,
        headers=signed.headers,
        expires_in=seconds,
        expires_at=signed.expires_at,
        bucket=objects.bucket,
    )


def start_multipart(
    *, owner: User, scope: str, file_name: str, content_type: str, file_size: int, address: str = ""
) -> SignedMultipart:
    """Begin an upload in parts, for large objects and bad connections; the first 100 parts are signed at once.

    Raises:
        NotFound, Forbidden, ValidationFailed, QuotaExceeded: as ``request_upload``.
        StorageError: the storage did not answer; nothing was begun.
    """
    refuse_scope(owner, scope)
    wanted = read_wish(scope, file_name, content_type, file_size, most=settings.MULTIPART_MAX_BYTES)
    refuse_above_quota(owner, file_size)
    key = new_key(scope, wanted.extension)
    # The row comes first, so that what is begun in the storage belongs to one whatever happens in between.
    upload = Upload.objects.create(
        owner=owner,
        scope=scope,
        key=key,
        file_name=wanted.file_name,
        content_type=wanted.content_type,
        kind=Upload.Kind.MULTIPART,
        declared_bytes=file_size,
        max_bytes=settings.MULTIPART_MAX_BYTES,
        part_size=max(settings.MULTIPART_PART_BYTES, -(-file_size // MAX_PARTS)),
        expires_at=timezone.now() + timedelta(seconds=settings.UPLOAD_URL_SECONDS),
    )
    try:
        upload.storage_upload_id = store().create_multipart(key, wanted.content_type)
    except BaseException:
        upload.delete()
        raise
    numbers = range(1, min(parts_of(upload), MAX_PARTS_AT_ONCE) + 1)
    with transaction.atomic():
        upload.save(update_fields=["storage_upload_id", "updated_at"])
        parts = _sign_parts(upload, numbers, address)
    return SignedMultipart(upload=upload, parts=parts)


def sign_parts(*, upload: Upload, part_numbers: Sequence[int], address: str = "") -> list[SignedPart]:
    """Fresh addresses for parts of an upload that is under way; each part has its length signed.

    Args:
        address: of the client, for the record.

    Raises:
        NotFound: its account was erased meanwhile.
        Conflict: the upload is not one in parts, or is over.
        ValidationFailed: names ``part_numbers``.
    """
    with refusals_recorded(account=upload.owner, address=address, scope=upload.scope):
        _refuse_parts(upload, part_numbers)
    with transaction.atomic():
        if not Upload.objects.select_for_update().filter(pk=upload.pk).values_list("pk"):
            raise NotFound
        return _sign_parts(upload, part_numbers, address)


def _refuse_parts(upload: Upload, part_numbers: Sequence[int]) -> None:
    if upload.kind != Upload.Kind.MULTIPART:
        raise Conflict(_("This upload is not one in parts."))
    if upload.status != Upload.Status.PENDING or not upload.storage_upload_id:
        raise Conflict(_("This upload is over. Start a new one."))
    last = parts_of(upload)
    if not part_numbers or len(part_numbers) > MAX_PARTS_AT_ONCE:
        message = _("Ask for 1 to %(most)d parts at a time.") % {"most": MAX_PARTS_AT_ONCE}
        raise ValidationFailed({"part_numbers": [message]})
    if not all(1 <= number <= last for number in part_numbers):
        raise ValidationFailed({"part_numbers": [_("Parts are numbered from 1 to %(last)d.") % {"last": last}]})


def _sign_parts(upload: Upload, part_numbers: Sequence[int], address: str) -> list[SignedPart]:
    """Sign and write it down, in the caller's transaction; signing asks the storage nothing."""
    objects = store()
    signed = []
    for number in dict.fromkeys(part_numbers):
        found = objects.presign_part(
            upload.key, upload.storage_upload_id, number, _length_of(upload, number), settings.UPLOAD_URL_SECONDS
        )
        signed.append(SignedPart(part_number=number, url=found.url, expires_at=found.expires_at))
    latest = max(part.expires_at for part in signed)
    # Only ever later: of two calls at once the earlier end must not win.
    Upload.objects.filter(pk=upload.pk, expires_at__lt=latest).update(expires_at=latest, updated_at=datetime.now(UTC))
    record(
        UploadEvent.Action.SIGNED,
        account=upload.owner,
        address=address,
        scope=upload.scope,
        upload=upload,
        reason=f"parts {len(signed)}",
    )
    return signed


def parts_of(upload: Upload) -> int:
    """How many parts a multipart upload has."""
    size, part = upload.declared_bytes or 0, upload.part_size or 1
    return max(1, -(-size // part))


def _length_of(upload: Upload, number: int) -> int:
    part = upload.part_size or 0
    return min(part, (upload.declared_bytes or 0) - part * (number - 1))


def refuse_scope(owner: User, scope: str) -> None:
    """Raises NotFound for an unknown scope and Forbidden for one that the account may not write to."""
    if scope not in Scope.values:
        raise NotFound
    if scope == Scope.ADMIN and owner.role != User.Role.ADMIN:
        raise Forbidden(
            _("You do not have permission to upload to this scope. The 'admin' scope requires administrator role.")
        )


def read_wish(
    scope: str,
    file_name: str,
    content_type: str,
    file_size: int | None,
    *,
    most: int,
    needs_size: bool = True,
    expires_in: int | None = None,
) -> Wish:
    """Read what a client says about its object; everything that is wrong is told at once.

    Args:
        most: bytes, the limit on ``file_size``.
        needs_size: a missing ``file_size`` is wrong as well.

    Raises:
        ValidationFailed: names ``file_name``, ``content_type``, ``expires_in`` or ``file_size``.
    """
    wrong: dict[str, list[str]] = {}
    name, extension, read = "", "", ""
    try:
        name = clean_file_name(file_name)
    except BadName as error:
        wrong["file_name"] = [error.message]
    try:
        read = read_type(content_type)
    except ValueError:
        wrong["content_type"] = [_("Content type must be a valid MIME type")]
    else:
        allowed = settings.UPLOAD_CONTENT_TYPES[scope]
        if read not in allowed:
            message = _("This type cannot be uploaded here. Possible are: %(types)s.") % {"types": ", ".join(allowed)}
            wrong["content_type"] = [message]
    if not wrong:
        try:
            extension = extension_for(name, read)
        except BadName as error:
            wrong["file_name"] = [error.message]
    if expires_in is not None and not MIN_URL_SECONDS <= expires_in <= MAX_URL_SECONDS:
        wrong["expires_in"] = [
            _("This must be between %(least)d and %(most)d.") % {"least": MIN_URL_SECONDS, "most": MAX_URL_SECONDS}
        ]
    if (file_size is not None or needs_size) and not 1 <= (file_size or 0) <= most:
        wrong["file_size"] = [_("This must be between %(least)d and %(most)d.") % {"least": 1, "most": most}]
    if wrong:
        raise ValidationFailed(wrong, _("Invalid request parameters."))
    return Wish(file_name=name, content_type=read, extension=extension)
