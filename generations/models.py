"""Dots, the runs that make their voices, and the voices that can be picked."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from micdots.lib.models import PublicModel, TimestampedModel
from uploads.models import Upload


class Voice(TimestampedModel):
    """One speaker of one engine. Its ``key``, ``engine:name``, is the id that the world knows."""

    class Gender(models.TextChoices):
        FEMALE = "female", _("female")
        MALE = "male", _("male")
        NON_BINARY = "non-binary", _("non-binary")
        NEUTRAL = "neutral", _("neutral")

    class Kind(models.TextChoices):
        SYNTHETIC = "synthetic", _("synthetic voice")
        HUMAN = "human", _("human voice")

    key = models.CharField(max_length=100, unique=True)
    engine = models.CharField(max_length=40)
    name = models.CharField(max_length=60)  # the engine's own name, with which it is called
    label = models.CharField(max_length=120)
    language = models.CharField(max_length=35)  # BCP 47
    gender = models.CharField(max_length=12, choices=Gender, default=Gender.NEUTRAL)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.SYNTHETIC)
    is_available = models.BooleanField(default=True)
    tokens_per_character = models.DecimalField(max_digits=8, decimal_places=3, default=1)
    max_characters = models.PositiveIntegerField(default=100_000)
    turnaround_seconds = models.PositiveIntegerField(null=True, blank=True)  # a promise, for human voices
    # What lifts this voice to the loudness that every MP3 has; measured once, when the voice is prepared.
    gain_db = models.FloatField(null=True, blank=True)
    preview_key = models.CharField(max_length=200, blank=True)  # written before the object is
    preview_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    preview_recorded_at = models.DateTimeField(null=True, blank=True)  # the object is there

    class Meta:
        ordering = ["language", "label", "key"]
        constraints = [models.UniqueConstraint(fields=["engine", "name"], name="voice_engine_and_name_unique")]
        indexes = [
            # The catalogue: available voices by language, then name.
            models.Index(fields=["language", "label", "key"], name="voice_catalogue"),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.key})"

    @property
    def is_synthetic(self) -> bool:
        return self.kind == self.Kind.SYNTHETIC


class DotQuerySet(models.QuerySet["Dot"]):
    def owned_by(self, user: Any) -> DotQuerySet:
        """The account's dots, those in the bin included; what was purged from the bin is gone."""
        return self.filter(owner=user, purged_at=None)

    def in_bin(self) -> DotQuerySet:
        return self.exclude(deleted_at=None)

    def not_in_bin(self) -> DotQuerySet:
        return self.filter(deleted_at=None)

    def with_status(self, status: str, now: datetime) -> DotQuerySet:
        """The dots whose :meth:`Dot.status_at` is ``status``: the same ladder, written for the database."""
        ladder: list[tuple[str, Q]] = [
            (Dot.Status.DELETED, Q(deleted_at__isnull=False)),
            (Dot.Status.BLOCKED, Q(blocked_at__isnull=False)),
            (Dot.Status.MAKING, Q(has_rendition=False)),
            (Dot.Status.PAUSED, Q(is_active=False)),
            (Dot.Status.SCHEDULED, Q(starts_at__isnull=False, starts_at__gt=now)),
            (Dot.Status.EXPIRED, Q(expires_at__isnull=False, expires_at__lte=now)),
            (Dot.Status.USED_UP, Q(max_plays__isnull=False, plays_count__gte=F("max_plays"))),
        ]
        rows = self.annotate(has_rendition=models.Exists(Rendition.objects.filter(dot=models.OuterRef("pk"))))
        for rung, condition in ladder:
            if rung == status:
                return rows.filter(condition)
            rows = rows.exclude(condition)
        return rows if status == Dot.Status.LIVE else rows.none()


class Dot(PublicModel):
    """What a QR code points to. Voice, text and look change; the code never does, and is never given out again."""

    class Status(models.TextChoices):
        MAKING = "making", _("being made")
        LIVE = "live", _("live")
        SCHEDULED = "scheduled", _("scheduled")
        PAUSED = "paused", _("paused")
        EXPIRED = "expired", _("expired")
        USED_UP = "used_up", _("used up")
        BLOCKED = "blocked", _("blocked")
        DELETED = "deleted", _("deleted")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="dots")
    code = models.CharField(max_length=8, unique=True)
    slug = models.CharField(max_length=60, null=True, blank=True, unique=True)
    title = models.CharField(_("title"), max_length=120)
    description = models.CharField(_("description"), max_length=500, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    autoplay = models.BooleanField(_("starts by itself"), default=True)
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    max_plays = models.PositiveIntegerField(_("plays at most"), null=True, blank=True)
    password = models.CharField(max_length=255, blank=True)  # a hash
    default_language = models.CharField(_("default language"), max_length=35, blank=True)
    link_label = models.CharField(max_length=80, blank=True)
    link_url = models.URLField(max_length=500, blank=True)

    # The pictures of the code. Keys are written before the objects are; `qr_drawn_at` says that both are there.
    qr_png_key = models.CharField(max_length=200, blank=True)
    qr_svg_key = models.CharField(max_length=200, blank=True)
    qr_url = models.CharField(max_length=300, blank=True)  # the address in the pictures
    qr_drawn_at = models.DateTimeField(null=True, blank=True)

    # Kept by the listening app through a service, so that a page need not count.
    scans_count = models.PositiveBigIntegerField(default=0)
    plays_count = models.PositiveBigIntegerField(default=0)

    blocked_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)
    # Title, description and the texts that play today, folded for the full-text index.
    search_text = models.TextField(blank=True, editable=False)

    objects = DotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(expires_at=None) | Q(starts_at__lt=F("expires_at")),
                name="dot_starts_before_it_ends",
            ),
        ]
        indexes = [
            # The list of an account's dots, newest first.
            models.Index(fields=["owner", "-created_at", "-id"], name="dot_by_owner_and_time"),
            # The daily purge of what has been in the bin long enough.
            models.Index(
                fields=["deleted_at"], name="dot_in_bin", condition=Q(deleted_at__isnull=False, purged_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def play_url(self) -> str:
        """The link that people share."""
        return f"{settings.SITE_URL}/d/{self.slug or self.code}"

    @property
    def print_url(self) -> str:
        """The address in the printed code: all capitals, so that the symbol stays small."""
        return f"{settings.SITE_URL.upper()}/Q/{self.code}"

    @property
    def has_password(self) -> bool:
        return bool(self.password)

    @property
    def status(self) -> str:
        return self.status_at(timezone.now())

    def status_at(self, now: datetime) -> str:
        """One word for what a visitor would meet; the first that holds, from the strongest reason down."""
        if self.deleted_at:
            return self.Status.DELETED
        if self.blocked_at:
            return self.Status.BLOCKED
        if not list(self.renditions.all()):  # list(): uses what was prefetched
            return self.Status.MAKING
        if not self.is_active:
            return self.Status.PAUSED
        if self.starts_at and self.starts_at > now:
            return self.Status.SCHEDULED
        if self.expires_at and self.expires_at <= now:
            return self.Status.EXPIRED
        if self.max_plays is not None and self.plays_count >= self.max_plays:
            return self.Status.USED_UP
        return self.Status.LIVE


class DotSlug(models.Model):
    """Every name that a dot has ever had: a slug that was changed still leads there."""

    slug = models.CharField(max_length=60, unique=True)
    dot = models.ForeignKey(Dot, on_delete=models.PROTECT, related_name="slugs")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug


class DotTag(models.Model):
    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="tag_rows")
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["dot", "name"], name="dot_tag_once")]

    def __str__(self) -> str:
        return self.name


class GenerationQuerySet(models.QuerySet["Generation"]):
    def owned_by(self, user: Any) -> GenerationQuerySet:
        return self.filter(owner=user, dot__purged_at=None)

    def ready(self) -> GenerationQuerySet:
        return self.filter(status=Generation.Status.READY)

    def running(self) -> GenerationQuerySet:
        """What has not ended: queued, being made, or with a person."""
        return self.filter(status__in=[Generation.Status.QUEUED, Generation.Status.PROCESSING])

    def without_bulk(self) -> GenerationQuerySet:
        """Leaves in the database what a list never shows and what may be large."""
        return self.defer(*Generation.BULK)


class Generation(PublicModel):
    """One run of making a voice. The row is the truth; a message to a worker is only a bell."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting")
        PROCESSING = "processing", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Source(models.TextChoices):
        TEXT = "text", _("text")
        UPLOAD = "upload", _("recording")

    class Awaiting(models.TextChoices):
        STUDIO = "studio", _("waiting for the studio")
        RECORDING = "recording", _("being recorded")
        APPROVAL = "approval", _("waiting for approval")

    BULK = ("captions", "peaks", "search_text")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations")
    dot = models.ForeignKey(Dot, on_delete=models.PROTECT, related_name="generations")
    voice = models.ForeignKey(Voice, null=True, blank=True, on_delete=models.PROTECT, related_name="generations")
    # What a recording was made from. Needed until the generation is ready (see sources.py), and of its past afterwards.
    upload = models.ForeignKey(Upload, null=True, blank=True, on_delete=models.SET_NULL, related_name="generations")
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaced_by")

    title = models.CharField(max_length=120)
    source = models.CharField(max_length=8, choices=Source, default=Source.TEXT)
    text = models.TextField()  # normalised
    language = models.CharField(max_length=35)
    speed = models.FloatField(default=1.0)
    pitch = models.FloatField(default=1.0)
    settings = models.JSONField(default=dict, blank=True)
    is_synthetic = models.BooleanField(default=True)
    characters = models.PositiveIntegerField()
    tokens = models.PositiveBigIntegerField()
    is_refunded = models.BooleanField(default=False)
    # SHA-256 over everything that shapes the sound: the same again is copied, not spoken.
    fingerprint = models.CharField(max_length=64)
    # What the browser's form said of itself: a second submit of one form finds the first one's row.
    request_key = models.UUIDField(null=True, blank=True)

    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    awaiting = models.CharField(max_length=12, choices=Awaiting, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)  # 0 to 100
    attempt = models.PositiveSmallIntegerField(default=1)  # what the owner asked for and paid: 1, then one more a retry
    failures = models.PositiveSmallIntegerField(default=0)  # failed tries within this attempt
    losses = models.PositiveSmallIntegerField(default=0)  # workers that went away within this attempt
    lease_token = models.UUIDField(null=True, blank=True)  # whose run this is
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(default=timezone.now)  # when the next try may begin
    rung_at = models.DateTimeField(default=timezone.now)  # when a worker was last called
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=32, blank=True)

    audio_key = models.CharField(max_length=200, blank=True)  # written before the object is
    audio_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    duration_ms = models.PositiveBigIntegerField(null=True, blank=True)
    captions = models.TextField(blank=True)  # WebVTT
    captions_edited_at = models.DateTimeField(null=True, blank=True)
    peaks = models.JSONField(default=list, blank=True)  # the waveform: 0 to 100, a few hundred of them
    search_text = models.TextField(blank=True, editable=False)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "request_key"], name="generation_once_a_form", condition=Q(request_key__isnull=False)
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="generation_progress_at_most_100"),
        ]
        indexes = [
            # The list of an account's generations, newest first.
            models.Index(fields=["owner", "-created_at", "-id"], name="generation_by_owner_and_time"),
            # A dot's generations by language: which one plays, which one takes over.
            models.Index(fields=["dot", "language", "-created_at"], name="generation_of_dot"),
            # Was this spoken before, and is it ready?
            models.Index(fields=["owner", "fingerprint"], name="generation_found_again", condition=Q(status="ready")),
            # The sweeper: what waits or runs. Small, however long the history.
            models.Index(
                fields=["status", "lease_until"],
                name="generation_unfinished",
                condition=Q(status__in=["queued", "processing"]),
            ),
            # The sweeper's clean-up of objects that unfinished runs left behind.
            models.Index(
                fields=["finished_at"],
                name="generation_left_object",
                condition=Q(status__in=["failed", "cancelled"]) & ~Q(audio_key=""),
            ),
            # The installation's figures (metrics, back office): how many of each status and error, how much audio, what
            # ended since when. It has all of that, so the rows with their long texts stay where they are.
            models.Index(fields=["status", "finished_at", "error_code", "audio_bytes"], name="generation_in_figures"),
            # The back office: what was asked for in a range of days.
            models.Index(fields=["created_at"], name="generation_by_time"),
        ]

    def __str__(self) -> str:
        return f"generation {self.public_id}"

    @property
    def is_finished(self) -> bool:
        return self.status not in (self.Status.QUEUED, self.Status.PROCESSING)

    @property
    def is_recording(self) -> bool:
        return self.source == self.Source.UPLOAD

    @property
    def duration_seconds(self) -> float | None:
        return None if self.duration_ms is None else self.duration_ms / 1000

    @staticmethod
    def new_lease_token() -> uuid.UUID:
        return uuid.uuid4()


class Rendition(TimestampedModel):
    """The generation that a dot plays in one language today."""

    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="renditions")
    language = models.CharField(max_length=35)
    generation = models.OneToOneField(Generation, on_delete=models.PROTECT, related_name="rendition")

    class Meta:
        ordering = ["language"]
        constraints = [models.UniqueConstraint(fields=["dot", "language"], name="rendition_one_a_language")]

    def __str__(self) -> str:
        return f"{self.dot_id} {self.language}"
