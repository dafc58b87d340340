"""What Prometheus reads, and who may."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from generations.models import Dot, Generation
from plays.models import HourFigures, Miss, SpoolPosition
from tests.dashboard.listening import make_hour
from tests.factories import make_dot, make_file, make_generation, make_voice

pytestmark = pytest.mark.django_db

LOCAL = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"}


def samples(client: Client) -> dict[tuple[str, ...], float]:
    response = client.get("/metrics", **LOCAL)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


@pytest.fixture(autouse=True)
def _set(settings, tmp_path):
    settings.METRICS_TOKEN = ""
    settings.ALLOWED_HOSTS = ["*"]
    settings.SPOOL_DIR = tmp_path


def test_it_has_the_figures_of_the_installation(client: Client, alice, settings):
    now = timezone.now()
    make_dot(owner=alice, scans_count=7, plays_count=3)
    make_dot(owner=alice, scans_count=2, purged_at=now)
    make_generation(owner=alice)
    make_generation(owner=alice, status="failed", error_code="ENGINE_FAILED")
    ready = make_generation(owner=alice, status="ready", finished_at=now, audio_bytes=1000)
    Generation.objects.filter(pk=ready.pk).update(created_at=now - timedelta(seconds=2))
    make_file(owner=alice, size=200)
    Miss.objects.create(code="222222", day=now.date(), reason="unknown", count=4)
    (Path(settings.SPOOL_DIR) / "here-1-a.spool").write_bytes(b"x" * 100)
    (Path(settings.SPOOL_DIR) / "here-2-b.spool").write_bytes(b"x" * 10)
    SpoolPosition.objects.create(name="here-1-a.spool", taken_bytes=60)

    found = samples(client)

    assert found[("micdots_scans",)] == 9
    assert found[("micdots_plays",)] == 3
    assert found[("micdots_listeners",)] == 0
    assert found[("micdots_misses", "unknown")] == 4
    assert found[("micdots_spool_bytes",)] == 50
    assert found[("micdots_generations", "espeak", "queued")] == 1
    assert found[("micdots_generations", "espeak", "cancelled")] == 0
    assert found[("micdots_generation_failures", "ENGINE_FAILED", "espeak")] == 1
    assert found[("micdots_queue_length",)] == 1
    assert found[("micdots_queue_oldest_seconds",)] >= 0
    assert found[("micdots_ready_seconds", "0.5")] == pytest.approx(2)
    assert found[("micdots_ready_seconds", "0.95")] == pytest.approx(2)
    assert found[("micdots_storage_bytes", "audio")] == 1000
    assert found[("micdots_storage_bytes", "files")] == 200
    assert found[("micdots_accounts",)] == 1
    assert found[("micdots_tokens",)] == 10_000
    assert found[("micdots_dots",)] == 4


def test_generations_are_told_apart_by_engine(client: Client, alice):
    make_generation(owner=alice, status="ready")
    make_generation(owner=alice, status="ready", voice=make_voice(key="piper:anna"))
    make_generation(owner=alice, status="failed", error_code="ENGINE_FAILED", voice=make_voice(key="piper:bert"))
    Generation.objects.filter(pk=make_generation(owner=alice, status="ready").pk).update(voice=None)

    found = samples(client)

    assert found[("micdots_generations", "espeak", "ready")] == 1
    assert found[("micdots_generations", "piper", "ready")] == 1
    assert found[("micdots_generations", "piper", "failed")] == 1
    assert found[("micdots_generations", "espeak", "failed")] == 0
    assert found[("micdots_generations", "recordings", "ready")] == 1
    assert found[("micdots_generation_failures", "ENGINE_FAILED", "piper")] == 1


def test_what_was_heard_today_is_the_hours_since_midnight(client: Client, alice):
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for hour, heard_ms in ((midnight, 61_500), (midnight - timedelta(hours=1), 999_000)):
        row = make_hour(make_dot(owner=alice), hour)
        HourFigures.objects.filter(pk=row.pk).update(unique_visitors=3, completions=2, heard_ms=heard_ms)

    found = samples(client)

    assert found[("micdots_unique_visitors_today",)] == 3
    assert found[("micdots_completions_today",)] == 2
    assert found[("micdots_heard_seconds_today",)] == 61.5


def test_what_can_go_down_is_no_counter(client: Client, alice):
    """Prometheus takes a counter that falls for one that began anew, and adds all of it once more."""
    dot = make_dot(owner=alice, scans_count=7, plays_count=3)
    failed = make_generation(owner=alice, status="failed", error_code="ENGINE_FAILED")
    miss = Miss.objects.create(code="222222", day=timezone.now().date(), reason="unknown", count=4)
    before = samples(client)

    Dot.objects.filter(pk=dot.pk).update(scans_count=5, plays_count=2)  # a rebuild
    failed.delete()
    miss.delete()

    after = samples(client)
    fell = {name for name in before if after.get(name, 0) < before[name]}
    assert {name[0] for name in fell} >= {"micdots_scans", "micdots_misses", "micdots_generation_failures"}
    response = client.get("/metrics", **LOCAL)
    families = list(text_string_to_metric_families(response.content.decode()))
    assert families
    assert {family.type for family in families} == {"gauge"}


def test_an_empty_installation_has_metrics_too(client: Client, settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "missing"

    found = samples(client)

    assert found[("micdots_scans",)] == 0
    assert found[("micdots_spool_bytes",)] == 0
    assert ("micdots_ready_seconds", "0.5") not in found


def test_it_costs_a_handful_of_questions(client: Client, alice, django_assert_max_num_queries):
    for number in range(5):
        make_generation(owner=alice, status="failed", error_code=f"CODE_{number}")

    with django_assert_max_num_queries(16):
        client.get("/metrics", **LOCAL)


@pytest.mark.parametrize(
    ("address", "host", "status"),
    [
        ("127.0.0.1", "localhost", 200),
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("::1", "[::1]:8000", 200),
        ("127.0.0.1", "dots.example.org", 404),  # through a proxy on this machine
        ("192.0.2.7", "localhost", 404),
        ("", "localhost", 404),  # a Unix socket: nobody knows who
    ],
)
def test_without_a_token_only_this_machine_may_read_it(client: Client, address, host, status):
    assert client.get("/metrics", REMOTE_ADDR=address, HTTP_HOST=host).status_code == status


@pytest.mark.parametrize("header", ["HTTP_VIA", "HTTP_FORWARDED", "HTTP_X_REAL_IP"])
def test_what_came_through_a_proxy_is_not_local(client: Client, header):
    assert client.get("/metrics", **LOCAL, **{header: "1.1 caddy"}).status_code == 404


def test_a_forwarded_address_makes_nobody_local(client: Client, settings):
    what = {"HTTP_HOST": "localhost", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7", **what).status_code == 404

    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    what["HTTP_X_FORWARDED_FOR"] = "192.0.2.7"
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1", **what).status_code == 404


def test_with_a_token_whoever_brings_it_may(client: Client, settings):
    settings.METRICS_TOKEN = "a-token-for-the-metrics-of-this-test"

    def ask(header: str | None) -> int:
        what = {} if header is None else {"HTTP_AUTHORIZATION": header}
        return client.get("/metrics", REMOTE_ADDR="192.0.2.7", **what).status_code

    assert ask("Bearer a-token-for-the-metrics-of-this-test") == 200
    assert ask("Bearer another") == 403
    assert ask("Bearer tökén") == 403
    assert ask("Basic a-token-for-the-metrics-of-this-test") == 403
    assert ask("") == 403
    assert ask(None) == 403
    assert client.get("/metrics", **LOCAL).status_code == 403


def test_it_is_read_only_and_kept_by_nobody(client: Client):
    response = client.get("/metrics", **LOCAL)

    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    assert client.post("/metrics", **LOCAL).status_code == 405
