"""What has to hold across processes: counters of limits, and answers kept under an Idempotency-Key."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class RateCounter(models.Model):
    """How often something was done since its window began. Written by one upsert in ``micdots.api.limits``."""

    # A digest: the tables hold no addresses.
    key = models.CharField(max_length=40, primary_key=True)
    used = models.PositiveIntegerField()
    resets_at_ms = models.BigIntegerField()  # Unix time

    class Meta:
        # The purge of counters whose window is over.
        indexes = [models.Index(fields=["resets_at_ms"], name="rate_counter_resets_at")]

    def __str__(self) -> str:
        return self.key


class IdempotentAnswer(models.Model):
    """The first answer to a request with an Idempotency-Key, or the reservation for it while that request runs."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the body
    holder = models.UUIDField()  # the request that may write the answer
    leased_until = models.DateTimeField()  # after this a request without an answer is taken for dead
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # null while it runs
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Also finds the row of a repeated request.
            models.UniqueConstraint(fields=["account", "method", "path", "key"], name="idempotent_answer_once"),
        ]
        # The purge of answers older than a day.
        indexes = [models.Index(fields=["created_at"], name="idempotent_answer_created")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
