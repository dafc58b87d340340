"""What staff see of the whole installation besides listening: growth, engines, failures, storage, who uses it most.

Reads only. Figures of listening come from ``plays.figures``, as everywhere.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import TokenEntry, User
from generations.models import Dot, Generation, Voice
from plays import figures
from plays.days import day_start, known_zone
from plays.models import DayFigures, Miss
from uploads.models import File

# More days than this are put together by week: a table of them can still be read.
DAYS_ONE_BY_ONE = 62
ACCOUNTS_SHOWN = 10
MISSES_SHOWN = 20


@dataclass(frozen=True)
class Grown:
    """What came in one day, or in the week that begins with it."""

    day: date
    accounts: int
    dots: int
    generations: int
    tokens: int  # spent: charges less what was given back


@dataclass(frozen=True)
class EngineUse:
    engine: str  # empty: recordings
    generations: int
    ready: int
    failed: int
    characters: int
    minutes: float  # of ready audio


@dataclass(frozen=True)
class Failure:
    code: str
    count: int


@dataclass(frozen=True)
class Waiting:
    """From request to ready, in seconds; None where nothing became ready."""

    count: int
    median: float | None
    p95: float | None


@dataclass(frozen=True)
class Storage:
    """Bytes that rows account for. Pictures of codes are not weighed."""

    audio: int
    files: int

    @property
    def all(self) -> int:
        return self.audio + self.files


@dataclass(frozen=True)
class TopAccount:
    account: User
    scans: int
    plays: int
    generations: int
    tokens: int


@dataclass(frozen=True)
class Missed:
    code: str  # empty: all others, of days that had too many
    reason: str
    count: int
    last: date


def whole(span: figures.Span) -> tuple[datetime, datetime]:
    """The instants at which a range of days begins and is over."""
    return day_start(span.first, span.zone), day_start(span.last + timedelta(days=1), span.zone)


# --- Growth -----------------------------------------------------------------------------------------------------------


def growth(span: figures.Span) -> list[Grown]:
    """A row for each day of the range, or each of its weeks where there are many days; oldest first."""
    accounts = _by_day(User.objects.all(), span)
    dots = _by_day(Dot.objects.all(), span)
    generations = _by_day(Generation.objects.all(), span)
    tokens = _by_day(_spent(span), span, -Sum("amount"))
    by_week = is_by_week(span)
    rows: dict[date, Counter[str]] = {}
    for number in range(span.days):
        day = span.first + timedelta(days=number)
        row = rows.setdefault(day - timedelta(days=day.weekday()) if by_week else day, Counter())
        row.update(
            accounts=accounts.get(day, 0),
            dots=dots.get(day, 0),
            generations=generations.get(day, 0),
            tokens=tokens.get(day, 0),
        )
    return [
        Grown(day, row["accounts"], row["dots"], row["generations"], row["tokens"]) for day, row in sorted(rows.items())
    ]


def is_by_week(span: figures.Span) -> bool:
    return span.days > DAYS_ONE_BY_ONE


def _by_day(rows: QuerySet[Any], span: figures.Span, count: Any = None) -> dict[date, int]:
    begin, end = whole(span)
    found = (
        rows.filter(created_at__gte=begin, created_at__lt=end)
        .annotate(day=TruncDate("created_at", tzinfo=span.zone))
        .values("day")
        .annotate(found=Count("pk") if count is None else count)
        .order_by()
    )
    return {row["day"]: int(row["found"] or 0) for row in found}


# --- Making -----------------------------------------------------------------------------------------------------------


def requested(span: figures.Span) -> QuerySet[Generation]:
    """The generations that were asked for in the range."""
    begin, end = whole(span)
    return Generation.objects.filter(created_at__gte=begin, created_at__lt=end)


def engine_use(span: figures.Span) -> list[EngineUse]:
    """What each engine was asked for in the range, busiest first."""
    ready = Q(status=Generation.Status.READY)
    rows = (
        requested(span)
        .values("voice__engine")
        .annotate(
            count=Count("pk"),
            ready=Count("pk", filter=ready),
            failed=Count("pk", filter=Q(status=Generation.Status.FAILED)),
            letters=Sum("characters"),
            sound=Sum("duration_ms", filter=ready),
        )
        .order_by("-count", "voice__engine")
    )
    return [
        EngineUse(
            engine=row["voice__engine"] or "",
            generations=row["count"],
            ready=row["ready"],
            failed=row["failed"],
            characters=row["letters"],
            minutes=(row["sound"] or 0) / 60_000,
        )
        for row in rows
    ]


def failures(span: figures.Span) -> list[Failure]:
    """Why generations of the range failed, most frequent first."""
    rows = (
        requested(span)
        .filter(status=Generation.Status.FAILED)
        .values_list("error_code")
        .annotate(count=Count("pk"))
        .order_by("-count", "error_code")
    )
    return [Failure(code, count) for code, count in rows]


def waiting_for_ready(begin: datetime, end: datetime) -> Waiting:
    """How long it took what became ready between two instants. Human voices are left out: they take days."""
    rows = (
        Generation.objects.filter(status=Generation.Status.READY, finished_at__gte=begin, finished_at__lt=end)
        .exclude(voice__kind=Voice.Kind.HUMAN)
        .values_list("created_at", "finished_at")
    )
    # Eight bytes each: SQLite has no percentiles, and would sort the rows once for each.
    took = array("d")
    for created, finished in rows.iterator():
        assert finished is not None  # noqa: S101 - those that are ready are
        took.append((finished - created).total_seconds())
    if not took:
        return Waiting(0, None, None)
    took = array("d", sorted(took))
    # The nearest rank, which is a time that somebody waited.
    return Waiting(len(took), took[math.ceil(0.5 * len(took)) - 1], took[math.ceil(0.95 * len(took)) - 1])


@dataclass(frozen=True)
class Queue:
    """What waits for a worker now; what waits for a person is not in it."""

    length: int
    running: int
    oldest_seconds: float  # how long the one that waits longest has waited; 0.0 where none does


def queue(now: datetime) -> Queue:
    unfinished = Generation.objects.running().filter(awaiting="")
    found = unfinished.aggregate(
        length=Count("pk", filter=Q(status=Generation.Status.QUEUED)),
        running=Count("pk", filter=Q(status=Generation.Status.PROCESSING)),
        oldest=Min("created_at", filter=Q(status=Generation.Status.QUEUED)),
    )
    oldest = (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return Queue(found["length"], found["running"], max(0.0, oldest))


def storage() -> Storage:
    """What is kept today."""
    audio = Generation.objects.filter(status=Generation.Status.READY).aggregate(found=Sum("audio_bytes"))["found"]
    previews = Voice.objects.exclude(preview_recorded_at=None).aggregate(found=Sum("preview_bytes"))["found"]
    kept = File.objects.stored().aggregate(found=Sum("bytes"), previews=Sum("preview_bytes"))
    return Storage(audio=(audio or 0) + (previews or 0), files=(kept["found"] or 0) + (kept["previews"] or 0))


# --- Accounts and misprints -------------------------------------------------------------------------------------------


def top_accounts(span: figures.Span) -> list[TopAccount]:
    """The accounts that were listened to most, and those that made most, together; busiest first."""
    heard, made = _heard(span), _made(span)
    top = {
        *[row["dot__owner"] for row in heard.order_by("-scans_sum", "dot__owner")[:ACCOUNTS_SHOWN]],
        *[row["owner"] for row in made.order_by("-count", "owner")[:ACCOUNTS_SHOWN]],
    }
    # Asked again for all of them: who is on one list alone has another half as well.
    listening = {row["dot__owner"]: row for row in heard.filter(dot__owner__in=top).order_by()}
    making = dict(made.filter(owner__in=top).order_by().values_list("owner", "count"))
    tokens = dict(_spent(span).filter(account__in=top).values_list("account").annotate(spent=-Sum("amount")).order_by())
    found = []
    for account in User.objects.filter(pk__in=top):
        heard_of = listening.get(account.pk)
        found.append(
            TopAccount(
                account,
                scans=heard_of["scans_sum"] if heard_of else 0,
                plays=heard_of["plays_sum"] if heard_of else 0,
                generations=making.get(account.pk, 0),
                tokens=tokens.get(account.pk, 0),
            )
        )
    return sorted(found, key=lambda row: (-row.scans, -row.generations, row.account.pk))


def _heard(span: figures.Span) -> QuerySet[Any, Any]:
    rows = DayFigures.objects.filter(day__gte=span.first, day__lte=span.last)
    sums = rows.values("dot__owner").annotate(scans_sum=Sum("scans"), plays_sum=Sum("plays"))
    return sums.filter(scans_sum__gt=0)


def _made(span: figures.Span) -> QuerySet[Any, Any]:
    return requested(span).values("owner").annotate(count=Count("pk"))


def _spent(span: figures.Span) -> QuerySet[TokenEntry]:
    """What was charged and given back in the range."""
    begin, end = whole(span)
    return TokenEntry.objects.filter(
        kind__in=[TokenEntry.Kind.CHARGE, TokenEntry.Kind.REFUND], created_at__gte=begin, created_at__lt=end
    )


def misses(span: figures.Span) -> tuple[list[Missed], int]:
    """The codes that were asked for in vain most often, and how often all of them were. Their days are UTC's."""
    rows = Miss.objects.filter(day__gte=span.first, day__lte=span.last)
    total = rows.aggregate(found=Sum("count"))["found"] or 0
    found = (
        rows.values("code", "reason")
        .annotate(times=Sum("count"), last=Max("day"))
        .order_by("-times", "code", "reason")[:MISSES_SHOWN]
    )
    return [Missed(row["code"], row["reason"], row["times"], row["last"]) for row in found], total


# --- Panels on the front page -----------------------------------------------------------------------------------------


def listening_panel(request: HttpRequest) -> dict[str, Any]:
    """Today and the last seven days, in the reader's own time zone."""
    assert isinstance(request.user, User)  # noqa: S101 - the back office lets nobody else in
    zone = known_zone(request.user.timezone)
    today = timezone.localdate(timezone=zone)
    day = figures.span_from(zone=zone, today=today, first=today, last=today)
    week = figures.span_from(zone=zone, today=today, first=today - timedelta(days=6), last=today)
    return {
        "today": figures.totals_of(figures.Scope(), day),
        "week": figures.totals_of(figures.Scope(), week),
        "listening": figures.listening_now(figures.Scope(), timezone.now()),
    }


def making_panel(request: HttpRequest) -> dict[str, Any]:
    """What waits, and how it went in the last 24 hours."""
    now = timezone.now()
    yesterday = now - timedelta(days=1)
    failed = Generation.objects.filter(status=Generation.Status.FAILED, finished_at__gte=yesterday).count()
    return {"queue": queue(now), "waiting": waiting_for_ready(yesterday, now), "failed": failed}
