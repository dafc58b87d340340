"""Uploads, the files they become, what happened to them, and objects that no other row owns any more."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from micdots.lib.models import PublicModel, TimestampedModel

MAX_FILE_NAME_CHARACTERS = 255


class Scope(models.TextChoices):
    """The first part of an object's key; says who may write there and what."""

    ADMIN = "admin", _("Administration")
    AUDIO = "audio", _("Audio")
    QR_CODES = "qr-codes", _("QR codes")
    TEMP = "temp", _("For a day")
    FILES = "files", _("Files")


class Upload(PublicModel):
    """An object that a client puts straight into the storage, from the signed address to the finished check.

    ``key`` is on the row before the object is in the storage, so every object belongs to a row.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for the object")
        COMPLETED = "completed", _("Completed")
        REJECTED = "rejected", _("Rejected")
        EXPIRED = "expired", _("Expired")
        ABORTED = "aborted", _("Aborted")

    class Kind(models.TextChoices):
        SINGLE = "single", _("In one piece")
        MULTIPART = "multipart", _("In parts")

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="uploads", verbose_name=_("account"))
    scope = models.CharField(_("scope"), max_length=16, choices=Scope)
    key = models.CharField(_("key"), max_length=200, unique=True)
    # As its owner called it; nothing of it but the extension is in the key. Emptied when the file is purged.
    file_name = models.CharField(_("file name"), max_length=MAX_FILE_NAME_CHARACTERS, blank=True)
    content_type = models.CharField(_("content type"), max_length=100)
    declared_bytes = models.BigIntegerField(_("declared bytes"), null=True, blank=True)
    max_bytes = models.BigIntegerField(_("largest size in bytes"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.SINGLE)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PENDING)
    # When the last address that was signed for it stops working; nothing can be put under the key afterwards.
    expires_at = models.DateTimeField(_("address expires at"))
    storage_upload_id = models.CharField(max_length=1024, blank=True)  # of a multipart upload; S3's ids are long
    part_size = models.BigIntegerField(_("part size in bytes"), null=True, blank=True)
    # What was found on completion.
    bytes = models.BigIntegerField(_("bytes"), null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    duration_ms = models.BigIntegerField(_("duration in milliseconds"), null=True, blank=True)
    reject_reason = models.CharField(_("reason of the rejection"), max_length=300, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="completed") | Q(bytes__gt=0, completed_at__isnull=False),
                name="upload_completed_is_known",
            ),
        ]
        indexes = [
            # The sweeper: what was never completed, oldest address first.
            models.Index(fields=["expires_at"], condition=Q(status="pending"), name="upload_pending_expiry"),
            # The rule for unusual patterns, and an account's uploads in the back office.
            models.Index(fields=["owner", "-created_at"], name="upload_of_owner_time"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} upload {self.pk} ({self.status})"

    @property
    def is_completed(self) -> bool:
        return self.status == self.Status.COMPLETED

    @property
    def duration_seconds(self) -> float | None:
        return None if self.duration_ms is None else self.duration_ms / 1000


class FileQuerySet(models.QuerySet["File"]):
    def owned_by(self, user: User) -> Self:
        return self.filter(owner=user)

    def stored(self) -> Self:
        """Files whose objects are in the storage, those in the bin too: what the quota counts."""
        return self.filter(purged_at__isnull=True)

    def living(self) -> Self:
        return self.stored().filter(deleted_at__isnull=True)

    def in_bin(self) -> Self:
        return self.stored().filter(deleted_at__isnull=False)


class File(PublicModel):
    """A completed upload, as its owner sees it. Made together with the upload's completion."""

    class PreviewKind(models.TextChoices):
        IMAGE = "image", _("Small picture")
        PAGE = "page", _("First page")

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="files", verbose_name=_("account"))
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="file", verbose_name=_("upload"))
    # The present name; the upload keeps the first one.
    file_name = models.CharField(_("file name"), max_length=MAX_FILE_NAME_CHARACTERS, blank=True)
    # The name without case and accents, for the search.
    search_name = models.CharField(max_length=2 * MAX_FILE_NAME_CHARACTERS, blank=True, editable=False)
    # Copies of the upload's: a list is filtered and sorted by them, and the quota adds them up.
    content_type = models.CharField(_("content type"), max_length=100)
    bytes = models.BigIntegerField(_("bytes"))
    deleted_at = models.DateTimeField(_("in the bin since"), null=True, blank=True)
    # The object is gone for good; the row stays for what was made from it.
    purged_at = models.DateTimeField(_("purged at"), null=True, blank=True)
    preview_key = models.CharField(max_length=200, blank=True)
    preview_kind = models.CharField(max_length=8, choices=PreviewKind, blank=True)
    preview_bytes = models.BigIntegerField(null=True, blank=True)
    # When a preview was made, or found not to be possible; None: not tried yet.
    preview_made_at = models.DateTimeField(null=True, blank=True)
    text_excerpt = models.TextField(blank=True)
    peaks = models.JSONField(default=list, blank=True)  # the waveform of a sound: at most 1,000 values, 0 to 100

    objects: ClassVar[FileQuerySet] = FileQuerySet.as_manager()  # type: ignore[assignment]  # as django-stubs has it

    if TYPE_CHECKING:
        upload_id: int

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["-pk"]
        indexes = [
            # The library: one account's files, by each of its sorts.
            models.Index(fields=["owner", "-created_at", "-id"], name="file_of_owner_time"),
            models.Index(fields=["owner", "file_name", "id"], name="file_of_owner_name"),
            models.Index(fields=["owner", "bytes", "id"], name="file_of_owner_bytes"),
            # The sweeper: what has been in the bin for long enough.
            models.Index(
                fields=["deleted_at"], condition=Q(purged_at__isnull=True, deleted_at__isnull=False), name="file_in_bin"
            ),
        ]

    def __str__(self) -> str:
        return f"file {self.pk}"

    @property
    def is_in_bin(self) -> bool:
        return self.deleted_at is not None and self.purged_at is None


def new_share_token() -> str:
    return secrets.token_urlsafe(24)


class FileShare(TimestampedModel):
    """An address that opens one file to whoever has it, within the limits that its owner set."""

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="shares", verbose_name=_("file"))
    token = models.CharField(max_length=64, unique=True, default=new_share_token, editable=False)
    password = models.CharField(_("password (hashed)"), max_length=200, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    max_downloads = models.PositiveIntegerField(_("downloads allowed"), null=True, blank=True)
    downloads_count = models.PositiveIntegerField(_("downloads"), default=0)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")
        ordering = ["-pk"]
        constraints = [
            # One link a file at a time; a new one takes the place of the former.
            models.UniqueConstraint(
                fields=["file"], condition=Q(revoked_at__isnull=True), name="file_share_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"share of file {self.file_id}"

    @property
    def has_password(self) -> bool:
        return bool(self.password)

    @property
    def is_open(self) -> bool:
        """Whether one more download is allowed now."""
        if self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= timezone.now()):
            return False
        return self.max_downloads is None or self.downloads_count < self.max_downloads


class UploadEvent(models.Model):
    """One line of what happened with uploads. Written once, never changed but for forgetting an erased address."""

    class Action(models.TextChoices):
        SIGNED = "signed", _("Address signed")
        REFUSED = "refused", _("Address refused")
        COMPLETED = "completed", _("Completed")
        REJECTED = "rejected", _("Rejected")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")
        ABORTED = "aborted", _("Aborted")
        FLAGGED = "flagged", _("Unusual pattern")

    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    # None: nobody was signed in.
    account = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    # Shortened: the network, not the household (/24 of IPv4, /48 of IPv6).
    address = models.CharField(_("network"), max_length=45, blank=True)
    scope = models.CharField(_("scope"), max_length=16, choices=Scope, blank=True)
    upload = models.ForeignKey(
        Upload, on_delete=models.SET_NULL, null=True, blank=True, related_name="events", verbose_name=_("upload")
    )
    action = models.CharField(_("action"), max_length=12, choices=Action)
    # An error code, or what was wrong; never a file name.
    reason = models.CharField(_("outcome"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("upload event")
        verbose_name_plural = _("upload log")
        ordering = ["-pk"]
        indexes = [
            # The rule for unusual patterns: one account's actions of the last day.
            models.Index(fields=["account", "action", "at"], name="upload_event_of_account"),
            # The back office by date, and forgetting what is old.
            models.Index(fields=["at"], name="upload_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.at:%Y-%m-%d %H:%M}"


class DoomedObject(models.Model):
    """An object to delete. Written in the transaction that lets go of it, so a crash in between orphans nothing."""

    key = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # While an address can still put something under the key, deleting it once is not enough: the row stays until then.
    not_before = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key
