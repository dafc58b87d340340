"""What Prometheus reads: the same figures as the back office's, asked of the database.

Nothing is counted in memory, so every process says the same, and a restart loses nothing. All of them are gauges: what
rows say goes down when rows go, and a counter that falls is taken for one that began anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from accounts.models import TokenEntry, User
from dashboard import backoffice
from generations.models import Dot, Generation
from plays import figures
from plays.models import Miss, SpoolPosition

# Times to ready are those of what became ready in the last hour: a gauge that follows the day.
RECENT = timedelta(hours=1)
RECORDINGS = "recordings"  # stands for the engine of what no voice spoke

_Kind = TokenEntry.Kind


def exposition() -> bytes:
    """All figures, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Figures())
    return generate_latest(registry)


class _Figures(Collector):
    def describe(self) -> list[Metric]:
        return []  # else all is asked twice: once for the names

    def collect(self) -> Iterator[Metric]:
        yield from _listening()
        yield from _making()
        yield from _keeping()


def _listening() -> Iterator[Metric]:
    counted = Dot.objects.aggregate(scans=Sum("scans_count"), plays=Sum("plays_count"))
    yield GaugeMetricFamily("micdots_scans", "Play pages opened, without bots.", value=counted["scans"] or 0)
    yield GaugeMetricFamily("micdots_plays", "Audio started, without bots.", value=counted["plays"] or 0)
    now = timezone.now()
    today = figures.totals_of(figures.Scope(), _today(now))
    yield GaugeMetricFamily(
        "micdots_unique_visitors_today", "Visitors since midnight (UTC), once a dot.", value=today.unique_visitors
    )
    yield GaugeMetricFamily(
        "micdots_completions_today", "Plays heard to the end since midnight (UTC).", value=today.completions
    )
    yield GaugeMetricFamily(
        "micdots_heard_seconds_today", "Seconds heard since midnight (UTC).", value=today.heard_seconds
    )
    listening = figures.listening_now(figures.Scope(), now)
    yield GaugeMetricFamily("micdots_listeners", "Page views heard of in the last five minutes.", value=listening)
    missed = GaugeMetricFamily(
        "micdots_misses", "Well-formed codes asked for behind which nothing was to be heard.", labels=["reason"]
    )
    for reason, count in Miss.objects.values_list("reason").annotate(Sum("count")).order_by("reason"):
        missed.add_metric([reason], count)
    yield missed
    yield GaugeMetricFamily(
        "micdots_spool_bytes", "Counted by this machine and not yet in the database.", value=waiting_bytes()
    )


def _today(now: datetime) -> figures.Span:
    """By the hour: these are the same for all accounts, and of all days but a few there are none to add up."""
    day = now.astimezone(UTC).date()
    return figures.span_from(zone=ZoneInfo("UTC"), today=day, first=day, last=day, interval="hour")


def _making() -> Iterator[Metric]:
    now = timezone.now()
    by_engine: dict[str, Counter[str]] = {}
    failed = GaugeMetricFamily("micdots_generation_failures", "Generations that failed.", labels=["code", "engine"])
    # One walk through the table for both.
    names = ("status", "error_code", "voice__engine")
    for status, code, engine, count in Generation.objects.values_list(*names).annotate(Count("pk")).order_by(*names):
        name = engine or RECORDINGS
        by_engine.setdefault(name, Counter())[status] += count
        if status == Generation.Status.FAILED:
            failed.add_metric([code, name], count)
    generations = GaugeMetricFamily("micdots_generations", "Generations there are.", labels=["status", "engine"])
    for engine, counts in by_engine.items():
        for status in Generation.Status.values:
            generations.add_metric([status, engine], counts[status])
    yield generations
    yield failed
    queue = backoffice.queue(now)
    yield GaugeMetricFamily("micdots_queue_length", "Generations that wait for a worker.", value=queue.length)
    yield GaugeMetricFamily(
        "micdots_queue_oldest_seconds", "How long the one that waits longest has waited.", value=queue.oldest_seconds
    )
    waiting = backoffice.waiting_for_ready(now - RECENT, now)
    ready = GaugeMetricFamily(
        "micdots_ready_seconds", "From request to ready, of what became ready in the last hour.", labels=["quantile"]
    )
    for quantile, seconds in (("0.5", waiting.median), ("0.95", waiting.p95)):
        if seconds is not None:
            ready.add_metric([quantile], seconds)
    yield ready


def _keeping() -> Iterator[Metric]:
    kept = backoffice.storage()
    stored = GaugeMetricFamily("micdots_storage_bytes", "Objects in the storage that rows own.", labels=["kind"])
    stored.add_metric(["audio"], kept.audio)
    stored.add_metric(["files"], kept.files)
    yield stored
    living = User.objects.filter(erased_at=None)
    accounts = living.aggregate(count=Count("pk"), tokens=Sum("token_balance"))
    yield GaugeMetricFamily("micdots_accounts", "Accounts, without erased ones.", value=accounts["count"])
    yield GaugeMetricFamily("micdots_tokens", "Tokens that accounts can spend.", value=accounts["tokens"] or 0)
    spent = TokenEntry.objects.filter(kind__in=[_Kind.CHARGE, _Kind.REFUND]).aggregate(found=Sum("amount"))["found"]
    yield GaugeMetricFamily("micdots_tokens_spent", "Tokens charged less those given back.", value=-(spent or 0))
    dots = Dot.objects.filter(purged_at=None).count()
    yield GaugeMetricFamily("micdots_dots", "Dots, those in the bin included.", value=dots)


def waiting_bytes() -> int:
    """What lies in this machine's spool and has not been taken in."""
    sizes = {}
    for path in Path(settings.SPOOL_DIR).glob("*.spool"):
        try:
            sizes[path.name] = path.stat().st_size
        except FileNotFoundError:
            continue  # taken in just now
    taken = SpoolPosition.objects.filter(name__in=list(sizes)).values_list("name", "taken_bytes")
    return max(0, sum(sizes.values()) - sum(size for _name, size in taken))
