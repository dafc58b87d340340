"""Who listened, as far as anybody need know: nothing here says who somebody is."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from generations.models import Dot, Generation


class Event(models.Model):
    """Something that happened to a dot, once: its page was opened, its audio was started, goes on, came to the end.

    Written by the road of :mod:`plays.taking` alone, a while after it happened, and dropped after
    ``settings.EVENT_MONTHS``. Figures are read from the roll-ups below.
    """

    class Kind(models.TextChoices):
        SCAN = "scan", _("scanned")
        PLAY = "play", _("started")
        PROGRESS = "progress", _("goes on")
        COMPLETE = "complete", _("heard to the end")

    event_id = models.UUIDField(unique=True)  # given where it happened: delivered twice, it counts once
    kind = models.CharField(_("event"), max_length=8, choices=Kind)
    at = models.DateTimeField(_("at"), default=timezone.now)
    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="events")
    # What was there to hear; the generation may go, the event stays.
    generation = models.ForeignKey(Generation, null=True, on_delete=models.SET_NULL, related_name="events")
    language = models.CharField(_("language"), max_length=35)
    is_printed = models.BooleanField(_("from the printed code"), default=False)
    is_bot = models.BooleanField(_("bot"), default=False)  # kept apart: in no figure

    # A player's own name for one page view, random; empty for scans and where no script runs.
    visit = models.CharField(_("visit"), max_length=36, blank=True)
    position_ms = models.PositiveBigIntegerField(_("position (ms)"), default=0)
    heard_ms = models.PositiveBigIntegerField(_("heard since the last event (ms)"), default=0)
    # How far that is into the audio. Worked out when it is taken in: the audio's length goes with its generation.
    reached = models.PositiveSmallIntegerField(_("heard to (percent)"), default=0)
    # A play without a script, less than half an hour after a counted one of the same visitor: in no figure.
    is_repeat = models.BooleanField(_("asked for again"), default=False)

    # Of scans, and of plays without a script. Empty: not asked, not known, or the visitor does not want it.
    visitor = models.CharField(max_length=64, blank=True)  # see visitors.py
    device = models.CharField(_("device"), max_length=20, blank=True)
    system = models.CharField(_("system"), max_length=40, blank=True)
    browser = models.CharField(_("browser"), max_length=40, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)  # ISO 3166-1
    city = models.CharField(_("city"), max_length=80, blank=True)
    referrer = models.CharField(_("referrer"), max_length=100, blank=True)  # a host name

    class Meta:
        constraints = [
            # A beacon that is sent again counts once.
            models.UniqueConstraint(
                fields=["dot", "visit", "kind", "position_ms"], name="event_once_a_visit", condition=~Q(visit="")
            ),
        ]
        indexes = [
            # The events of a dot in order of time: rebuilding its roll-ups.
            models.Index(fields=["dot", "at"], name="event_of_dot"),
            # Who listens now, and what is old enough to be dropped.
            models.Index(fields=["at"], name="event_by_time"),
            # Plays without a script: when was this visitor's last one?
            models.Index(
                fields=["dot", "visitor", "at"], name="play_without_script", condition=Q(kind="play", visit="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Measures(models.Model):
    """What is counted. In a row for each dot, stretch of time and language that was heard or shown."""

    scans = models.PositiveBigIntegerField(default=0)
    unique_visitors = models.PositiveBigIntegerField(default=0)
    plays = models.PositiveBigIntegerField(default=0)
    completions = models.PositiveBigIntegerField(default=0)
    heard_ms = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True


class DayFigures(Measures):
    """One day of a dot in one language. Kept for ever."""

    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(_("day"))  # as it was cut in ``zone``
    language = models.CharField(_("language"), max_length=35)
    zone = models.CharField(_("time zone"), max_length=64)  # the account's when this was written

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dot", "day", "language"], name="day_of_dot_once")]
        indexes = [
            # The figures of many dots over some days, the installation's among them.
            models.Index(fields=["day", "dot"], name="day_figures_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} of dot {self.dot_id}"


class HourFigures(Measures):
    """One hour of a dot in one language. Kept for eight days."""

    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="hours")
    hour = models.DateTimeField(_("hour"))  # its beginning; on the hour in the account's time zone
    language = models.CharField(_("language"), max_length=35)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dot", "hour", "language"], name="hour_of_dot_once")]
        indexes = [
            # The figures of many dots over some hours, and the clearing away.
            models.Index(fields=["hour", "dot"], name="hour_figures_by_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.hour} of dot {self.dot_id}"


class DayShare(models.Model):
    """How many of a day's scans had one value of one dimension; and how far the day's plays came."""

    class Dimension(models.TextChoices):
        DEVICE = "device", _("device")
        SYSTEM = "system", _("system")
        BROWSER = "browser", _("browser")
        COUNTRY = "country", _("country")
        CITY = "city", _("city")
        REFERRER = "referrer", _("referrer")
        SOURCE = "source", _("source")  # "printed" or "link"
        REACHED = "reached", _("heard to")  # percent: "0", "10" … "100"; counts plays, not scans

    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="shares")
    day = models.DateField(_("day"))
    language = models.CharField(_("language"), max_length=35)
    dimension = models.CharField(_("dimension"), max_length=10, choices=Dimension)
    value = models.CharField(_("value"), max_length=100, blank=True)  # empty: unknown
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dot", "day", "language", "dimension", "value"], name="share_of_day_once")
        ]
        indexes = [
            # The shares of many dots over some days.
            models.Index(fields=["day", "dimension", "dot"], name="share_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value} on {self.day} of dot {self.dot_id}"


class DayVisitor(models.Model):
    """Who was counted as a dot's visitor on a day. Gone soon after the salt that made the hash: see visitors.py."""

    dot = models.ForeignKey(Dot, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    visitor = models.CharField(max_length=64)
    first_at = models.DateTimeField()  # the scan that counts, and its language
    language = models.CharField(max_length=35)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dot", "day", "visitor"], name="visitor_once_a_day")]
        indexes = [
            # The clearing away.
            models.Index(fields=["day"], name="day_visitor_by_day"),
        ]

    def __str__(self) -> str:
        return f"visitor {self.pk}"


class Miss(models.Model):
    """How often a well-formed code was asked for on a day (UTC) behind which nothing was to be heard."""

    code = models.CharField(_("code"), max_length=8)  # empty: all others, once a day has had too many
    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=10)  # "unknown" or a dot's status
    count = models.PositiveBigIntegerField(_("times"), default=0)

    class Meta:
        verbose_name_plural = _("misses")
        constraints = [models.UniqueConstraint(fields=["day", "code", "reason"], name="miss_of_code_once_a_day")]

    def __str__(self) -> str:
        return f"{self.code} on {self.day}"


class SpoolPosition(models.Model):
    """How much of a spool file has been taken in, written in the transaction that took it. Gone with the file."""

    name = models.CharField(max_length=120, unique=True)
    taken_bytes = models.PositiveBigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class ListeningSettings(models.Model):
    """What an account wants to know of its listeners. No row: everything but the weekly mail."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="listening_settings")
    keeps_attributes = models.BooleanField(_("devices, places and referrers are written down"), default=True)
    wants_weekly_mail = models.BooleanField(_("weekly summary by e-mail"), default=False)
    weekly_mail_sent_on = models.DateField(null=True, blank=True)  # the Monday that was last reported on

    def __str__(self) -> str:
        return f"listening settings of account {self.owner_id}"


class DailySalt(models.Model):
    """What visitors are hashed with on one day (UTC). Destroyed with the day: then no hash can be made again."""

    day = models.DateField(unique=True)
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.day)
