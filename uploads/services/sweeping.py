"""What goes by itself after a time: uploads that nobody completed, temporary objects, the bin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from uploads.models import File, Scope, Upload, UploadEvent
from uploads.services.completing import SLOW_PUT, let_go
from uploads.services.events import forget_old_events, record
from uploads.services.files import bin_limit, purge_file

_BATCH = 500


@dataclass(frozen=True)
class Swept:
    """How many went."""

    expired: int
    temporary: int
    from_bin: int
    events: int


def sweep_uploads() -> Swept:
    """Expire what was never completed, and delete what has had its time. Safe to run at any moment, and twice at once.

    An address that has just expired may still have a PUT under way, so an upload is given an hour more.
    """
    return Swept(
        expired=_expire(),
        temporary=_purge(_temporary_files()),
        from_bin=_purge(File.objects.in_bin().filter(deleted_at__lt=bin_limit())),
        events=forget_old_events(),
    )


def _expire() -> int:
    limit = timezone.now() - SLOW_PUT
    overdue = Upload.objects.filter(status=Upload.Status.PENDING, expires_at__lt=limit).select_related("owner")
    expired = 0
    while batch := list(overdue.order_by("expires_at")[:_BATCH]):
        for upload in batch:
            with transaction.atomic():
                # Conditional: it may be completed, or have got fresh addresses, since it was read.
                still = Upload.objects.filter(pk=upload.pk, status=Upload.Status.PENDING, expires_at__lt=limit)
                if not still.update(status=Upload.Status.EXPIRED, updated_at=timezone.now()):
                    continue
                let_go(upload)
                record(UploadEvent.Action.EXPIRED, account=upload.owner, scope=upload.scope, upload=upload)
                expired += 1
    return expired


def _temporary_files() -> QuerySet[File]:
    limit = timezone.now() - timedelta(hours=settings.TEMP_OBJECT_HOURS)
    return File.objects.stored().filter(upload__scope=Scope.TEMP, created_at__lt=limit)


def _purge(files: QuerySet[File]) -> int:
    """Walks by key: what is needed by something is passed over, and would come again and again otherwise."""
    gone, last = 0, 0
    while batch := list(files.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        gone += sum(purge_file(file=file) for file in batch)
        last = batch[-1].pk
    return gone
