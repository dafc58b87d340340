"""Who listened, as far as anybody need know: nothing here says who somebody is."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from generations.models import Dot, Generation


class Scan(models.Model):
    """The play page of a dot was opened, once."""

    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="scans")
    # What was there to hear; the generation may go, the scan stays.
    generation = models.ForeignKey(Generation, null=True, on_delete=models.SET_NULL, related_name="scans")
    language = models.CharField(_("language"), max_length=35)
    is_printed = models.BooleanField(_("from the printed code"))
    is_bot = models.BooleanField(_("bot"), default=False)  # kept apart: in no total
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        indexes = [
            # The scans of a dot, newest first.
            models.Index(fields=["dot", "-at"], name="scan_of_dot"),
        ]

    def __str__(self) -> str:
        return f"scan {self.pk}"


class PlayEvent(models.Model):
    """Something that a player told: it was started, it goes on, it came to the end."""

    class Event(models.TextChoices):
        PLAY = "play", _("started")
        PROGRESS = "progress", _("goes on")
        COMPLETE = "complete", _("heard to the end")

    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="play_events")
    generation = models.ForeignKey(Generation, null=True, on_delete=models.SET_NULL, related_name="play_events")
    visit = models.CharField(_("visit"), max_length=36)  # random, made anew by each page view
    event = models.CharField(_("event"), max_length=8, choices=Event)
    position_ms = models.PositiveBigIntegerField(_("position (ms)"))
    heard_ms = models.PositiveBigIntegerField(_("heard since the last event (ms)"))
    language = models.CharField(_("language"), max_length=35)
    is_bot = models.BooleanField(_("bot"), default=False)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        constraints = [
            # A beacon that is sent again counts once.
            models.UniqueConstraint(fields=["dot", "visit", "event", "position_ms"], name="play_event_once"),
        ]
        indexes = [
            # The events of a dot, newest first.
            models.Index(fields=["dot", "-at"], name="play_event_of_dot"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.pk}"


class DailySalt(models.Model):
    """What visitors are hashed with on one day (UTC). Destroyed with the day: then no hash can be made again."""

    day = models.DateField(unique=True)
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.day)


class RecentVisitor(models.Model):
    """When a visitor's asking for a dot's audio was last counted as a play. Gone within the hour.

    ``visitor`` is a hash with the day's salt over dot, truncated address and browser: see docs/privacy.md.
    """

    visitor = models.CharField(max_length=64, unique=True)
    counted_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The hourly clearing away.
            models.Index(fields=["counted_at"], name="recent_visitor_by_time"),
        ]

    def __str__(self) -> str:
        return f"visitor {self.pk}"
