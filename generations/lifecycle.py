"""The legal moves of a generation's state, each one conditional UPDATE: of two that try, one succeeds.

::

    queued ──claim──▶ processing ──finish──▶ ready
      ▲                  │ ├──fail──▶ failed ──retry──▶ queued
      └──── put_back ────┘ └──cancel─▶ cancelled ──retry──▶ queued        (cancel also from queued)

A run is known by its lease token: whoever lost the lease, to a cancel or to the sweeper, can no longer move the row.
Locks are taken in the order account, dot, generation, as erasing an account does; so no two wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts import ledger
from accounts.models import User
from generations import renditions, signals
from generations.models import Dot, Generation

Status = Generation.Status


@dataclass(frozen=True)
class Sound:
    """What a listener gets, but the bytes."""

    duration_ms: int
    captions: str  # WebVTT
    peaks: list[int]  # the waveform: 0 to 100


@dataclass(frozen=True)
class Result:
    """What a run made; its object is in the storage."""

    audio_key: str
    audio_bytes: int
    sound: Sound


def claim(generation_id: int) -> Generation | None:
    """Take a queued generation, for the length of a lease. None: somebody else has it, or there is nothing to do.

    What awaits a person is left alone. Nothing is taken before its time after a failed try.
    """
    now = timezone.now()
    token = uuid4()
    taken = Generation.objects.filter(pk=generation_id, status=Status.QUEUED, awaiting="", not_before__lte=now).update(
        status=Status.PROCESSING,
        lease_token=token,
        lease_until=now + _lease(),
        started_at=now,
        progress=0,
        updated_at=now,
    )
    if not taken:
        return None
    # With our token: whoever was held up here for longer than the lease must not go on with another worker's.
    rows = Generation.objects.select_related("dot", "voice", "owner", "upload")
    return rows.filter(pk=generation_id, lease_token=token).first()


def renew(generation: Generation, **changes: Any) -> bool:
    """Hold on to the lease and write ``changes`` (progress, a key). False: the run is no longer ours, so stop."""
    now = timezone.now()
    return bool(_ours(generation).update(lease_until=now + _lease(), updated_at=now, **changes))


@transaction.atomic
def finish(generation: Generation, result: Result) -> bool:
    """Make it ready and let the dot play it. False: the run is no longer ours; nothing has changed."""
    dot = lock_dot(generation.dot_id)
    now = timezone.now()
    finished = _ours(generation).update(
        status=Status.READY,
        progress=100,
        audio_key=result.audio_key,
        audio_bytes=result.audio_bytes,
        duration_ms=result.sound.duration_ms,
        captions=result.sound.captions,
        captions_edited_at=None,
        peaks=result.sound.peaks,
        error_code="",
        finished_at=now,
        updated_at=now,
        **_no_lease(),
    )
    if not finished:
        return False
    renditions.elect(dot, generation.language)
    generation.refresh_from_db()
    signals.tell(signals.generation_ready, sender=Generation, generation=generation)
    signals.tell(signals.dot_changed, sender=Dot, dot=dot)
    return True


@transaction.atomic
def fail(generation: Generation, error_code: str) -> bool:
    """End the attempt as failed and give its tokens back. False: the run is no longer ours."""
    return _end(generation, _ours(generation), Status.FAILED, error_code=error_code)


@transaction.atomic
def cancel(generation: Generation, *, from_people: bool = False) -> bool:
    """End the attempt and give its tokens back.

    Args:
        from_people: also what a person records already, because its dot goes.

    Returns:
        False: it was no longer running, or a person is at work on it.
    """
    running = Generation.objects.running().filter(pk=generation.pk)
    if not from_people:
        running = running.filter(awaiting__in=["", Generation.Awaiting.STUDIO])
    return _end(generation, running, Status.CANCELLED)


def put_back(generation: Generation, *, delay_seconds: float) -> bool:
    """Queue again after a try that failed for a reason that may pass."""
    now = timezone.now()
    return bool(
        _ours(generation).update(
            status=Status.QUEUED,
            failures=F("failures") + 1,
            not_before=now + timedelta(seconds=delay_seconds),
            rung_at=now,
            updated_at=now,
            **_no_lease(),
        )
    )


def take_from_lost_worker(generation: Generation) -> bool:
    """Queue again what a worker left behind. Dying is no failed try: the text may be innocent.

    False: the worker is back, or somebody else was quicker.
    """
    now = timezone.now()
    return bool(
        _lost(generation).update(
            status=Status.QUEUED,
            losses=F("losses") + 1,
            not_before=now,
            rung_at=now,
            updated_at=now,
            **_no_lease(),
        )
    )


@transaction.atomic
def give_up(generation: Generation, error_code: str) -> bool:
    """End the attempt of a generation that no worker survives. False as in ``take_from_lost_worker``."""
    return _end(generation, _lost(generation), Status.FAILED, error_code=error_code)


def queue_again(generation: Generation, *, tokens: int) -> bool:
    """Begin a new attempt of a failed or cancelled generation. False: it is neither (any more)."""
    now = timezone.now()
    return bool(
        Generation.objects.filter(pk=generation.pk, status__in=[Status.FAILED, Status.CANCELLED]).update(
            status=Status.QUEUED,
            attempt=F("attempt") + 1,
            tokens=tokens,
            is_refunded=False,
            failures=0,
            losses=0,
            progress=0,
            error_code="",
            not_before=now,
            rung_at=now,
            started_at=None,
            finished_at=None,
            updated_at=now,
            **_no_lease(),
        )
    )


def lock_account(account_id: int) -> bool:
    """Hold the account's row until the transaction ends. False: it has been erased, so nothing is begun for it."""
    # No key: rows that only refer to it (scans to a dot, entries to an account) need not wait, nor we for them.
    living = User.objects.select_for_update(no_key=True).filter(pk=account_id, erased_at=None)
    return living.values_list("pk", flat=True).first() is not None


def lock_dot(dot_id: int) -> Dot:
    """The dot, locked with its account until the transaction ends: renditions of one dot are switched one by one."""
    lock_account(Dot.objects.values_list("owner_id", flat=True).get(pk=dot_id))
    return Dot.objects.select_for_update(no_key=True).get(pk=dot_id)


def _end(generation: Generation, rows: QuerySet[Generation], status: Generation.Status, error_code: str = "") -> bool:
    lock_account(generation.owner_id)
    now = timezone.now()
    if not rows.update(
        status=status, error_code=error_code, finished_at=now, updated_at=now, awaiting="", **_no_lease()
    ):
        return False
    generation.refresh_from_db()
    if ledger.refund(account=generation.owner, reference=generation.public_id, attempt=generation.attempt):
        generation.is_refunded = True
        generation.save(update_fields=["is_refunded"])
    if status == Status.FAILED:
        signals.tell(signals.generation_failed, sender=Generation, generation=generation)
    return True


def _ours(generation: Generation) -> QuerySet[Generation]:
    return Generation.objects.filter(
        pk=generation.pk, status=Status.PROCESSING, lease_token=generation.lease_token
    ).exclude(lease_token=None)


def _lost(generation: Generation) -> QuerySet[Generation]:
    """The run that ``generation`` was read in, if its worker has still not renewed the lease."""
    return _ours(generation).filter(lease_until__lt=timezone.now())


def _lease() -> timedelta:
    return timedelta(seconds=settings.GENERATION_LEASE_SECONDS)


def _no_lease() -> dict[str, None]:
    return {"lease_token": None, "lease_until": None}
