"""``Idempotency-Key``: the same request sent twice is done once, and both times gets the same answer.

How it holds:

1. The first request *reserves* account + method + path + key in a row of its own, committed at once, with a lease.
2. It does its work and stores its answer in **one** transaction. So either both are there or neither: a process that
   is killed in between has created nothing, and one that is killed afterwards has its answer kept. Refusals are
   stored after the work was rolled back.
3. A second request that finds an answer repeats it. One that finds a reservation waits, holding no transaction, up to
   ten seconds for the answer, then gives up with CONFLICT. When the lease has run out without an answer, the first
   request is taken for dead and the second takes the reservation over.
4. Whoever lost its reservation in that way (it was only slow) finds out when it stores its answer: the update names
   the holder and hits no row, and everything it did is rolled back.

Not kept, because they say nothing about the request itself: 401, 409, 429 and 5xx. The key is free again after them.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from micdots.api.models import IdempotentAnswer
from micdots.lib.errors import Conflict, ValidationFailed

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=30)
PATIENCE_SECONDS = 10.0
_NOT_KEPT = frozenset({401, 409, 429})


@dataclass(frozen=True)
class Answer:
    status: int
    body: str  # JSON, already in the envelope


@dataclass(frozen=True)
class Call:
    """One request, as far as it decides whether two are the same."""

    account_id: int
    method: str
    path: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, *, account_id: int, method: str, path: str, header: str, body: bytes) -> Call:
        """Raises ``ValidationFailed`` where the header is not a key."""
        return cls(account_id, method, path.rstrip("/")[:255], read_key(header), hashlib.sha256(body).hexdigest())


def read_key(header: str) -> str:
    """The key in an ``Idempotency-Key`` field: bare, or a quoted string as the IETF draft has it.

    Raises:
        ValidationFailed: it is empty, longer than 255 characters, or not printable ASCII.
    """
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise ValidationFailed({"Idempotency-Key": [_("Idempotency-Key takes 1 to 255 printable ASCII characters.")]})
    return key


def once(call: Call, work: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Do ``work`` unless it was done before; gives the answer and whether it is a repeated one.

    Args:
        call: what makes two requests the same.
        work: runs inside a transaction, which is rolled back if its answer is an error.

    Raises:
        Conflict: the key was used with another body, or the first request is still running after ten seconds.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.02
    while True:
        row, holder = _reserve(call)
        if holder is not None:
            return _do(_reserved(call, holder), work), False
        if row.fingerprint != call.fingerprint:
            raise Conflict(_("This Idempotency-Key was used with another body. Use a new key for a new request."))
        if row.status is not None:
            return Answer(row.status, row.body), True
        if time.monotonic() >= deadline:
            raise Conflict(_("The first request with this Idempotency-Key is still running. Ask again in a moment."))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


def is_known(call: Call) -> bool:
    """Whether a request with this key was seen before, answered or not."""
    return IdempotentAnswer.objects.filter(
        account_id=call.account_id, method=call.method, path=call.path, key=call.key
    ).exists()


def purge_answers() -> int:
    """Delete answers older than a day; says how many."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def forget_answers(account_id: int) -> int:
    """Delete what is kept for an account that goes: the answers hold its texts. Says how many."""
    return IdempotentAnswer.objects.filter(account_id=account_id).delete()[0]


def _reserve(call: Call) -> tuple[IdempotentAnswer, uuid.UUID | None]:
    """The key's row, and the holder's id if this request took it: it was free, too old, or its holder is dead."""
    now = timezone.now()
    holder = uuid.uuid4()
    fresh = {
        "fingerprint": call.fingerprint,
        "holder": holder,
        "leased_until": now + LEASE,
        "status": None,
        "body": "",
        "created_at": now,
    }
    # Of two at once the unique constraint lets one in.
    row, created = IdempotentAnswer.objects.get_or_create(
        account_id=call.account_id, method=call.method, path=call.path, key=call.key, defaults=fresh
    )
    if created:
        return row, holder
    dead = row.status is None and row.leased_until < now and row.fingerprint == call.fingerprint
    if dead or row.created_at < now - KEPT:
        as_found = IdempotentAnswer.objects.filter(pk=row.pk, holder=row.holder, status=row.status)
        if as_found.update(**fresh):
            return row, holder
    return row, None


def _reserved(call: Call, holder: uuid.UUID) -> QuerySet[IdempotentAnswer]:
    """The reservation, as long as nobody has taken it over."""
    return IdempotentAnswer.objects.filter(
        account_id=call.account_id, method=call.method, path=call.path, key=call.key, holder=holder, status=None
    )


def _do(reservation: QuerySet[IdempotentAnswer], work: Callable[[], Answer]) -> Answer:
    try:
        with transaction.atomic():
            answer = work()
            if answer.status >= 400:
                transaction.set_rollback(True)
            elif not reservation.update(status=answer.status, body=answer.body):
                raise Conflict(_("This request took too long and was undone. Please send it again."))
    except Exception:
        # Frees the key at once where the database still answers; else the lease does. Once the answer is stored
        # there is no reservation left to delete, whatever went wrong after it.
        with contextlib.suppress(DatabaseError):
            reservation.delete()
        raise
    if answer.status in _NOT_KEPT or answer.status >= 500:
        reservation.delete()
    elif answer.status >= 400:
        reservation.update(status=answer.status, body=answer.body)
    return answer
