"""Row 1: a scan, answered with the whole play page and written down for good, from 16 connections."""

import json
import time
import urllib.request
from dataclasses import dataclass

from benchmarks import load
from benchmarks.installation import Installation, answers, free_port, installation, wait_until
from benchmarks.report import Result
from benchmarks.texts import text_of

ROW, BAR = 1, 3.0
PATIENCE_SECONDS = 120  # for what a crowd has left in the spool
_COUNT = (
    "import django; django.setup(); from plays.models import Event; print(Event.objects.filter(kind='scan').count())"
)


@dataclass(frozen=True)
class Counted:
    """What became of the scans of one load."""

    scans: int
    seconds: float  # from the last answer until every one was in the database


def run(server_url: str, *, quick: bool) -> list[Result]:
    seconds = 3 if quick else 15
    with installation(server_url) as site:
        code = _make_dot(site)
        site.python("-m", "benchmarks.floor_site")
        floors = {"": _load_floor(site, seconds)}
        if server_url:
            floors["; floor with synchronous_commit=off"] = _load_floor(site, seconds, FLOOR_SYNCHRONOUS_COMMIT="off")
        ours, counted = _load_play_page(site, code, seconds)
    return [_result(site.database, ours, floor, note, counted) for note, floor in floors.items()]


def _make_dot(site: Installation) -> str:
    """Make a dot with a text of ordinary length: only a real one has a real page. Returns its code."""
    site.start_micdots("web", "worker")
    site.sign_up()
    ready = site.wait_for(site.speak(text_of(1000, "scan")))
    dot = site.call("GET", f"/api/v1/dots/{ready['dotId']}")
    site.stop()
    return str(dot["code"])


def _load_floor(site: Installation, seconds: int, **environment: str) -> load.Load:
    port = free_port()
    site.start(
        *("granian", "--interface", "wsgi", "--port", str(port), "--log-level", "warning"),
        *("--workers", site.environment["WEB_WORKERS"], "--blocking-threads", site.environment["WEB_THREADS"]),
        "benchmarks.floor_site:application",
        **environment,
    )
    wait_until(lambda: answers(port, "/q/ABC234"), 30, "an answer from the floor")
    return _load(site, f"http://127.0.0.1:{port}/q/ABC234", seconds)


def _load_play_page(site: Installation, code: str, seconds: int) -> tuple[load.Load, Counted]:
    site.start_micdots("web")
    url = f"http://127.0.0.1:{site.port}/q/{code}"
    request = urllib.request.Request(url, headers={"User-Agent": load.USER_AGENT})
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own address
        if b"<audio" not in response.read():
            raise RuntimeError(f"{url} is no play page")
    warmed = load.run(url, 1)  # what is made once: connections, templates, caches
    measured = load.run(url, seconds)
    counted = _wait_for_counts(site, 1 + warmed.requests + measured.requests)
    site.stop()
    return measured, counted


def _wait_for_counts(site: Installation, answered: int) -> Counted:
    """Every answered scan is counted, and none more than the client broke off; raises RuntimeError otherwise."""
    begun = time.monotonic()
    scans = 0
    while time.monotonic() - begun < PATIENCE_SECONDS:
        scans = int(json.loads(site.python("-c", _COUNT)))
        if scans >= answered:
            break
    took = time.monotonic() - begun
    # wrk counts no answer that came after its time; there are two runs of it.
    if not answered <= scans <= answered + 2 * load.CONNECTIONS:
        raise RuntimeError(f"{answered} scans were answered and {scans} counted")
    return Counted(scans, took)


def _load(site: Installation, url: str, seconds: int) -> load.Load:
    load.run(url, 1)
    measured = load.run(url, seconds)
    site.stop()
    return measured


def _result(database: str, ours: load.Load, floor: load.Load, note: str, counted: Counted) -> Result:
    ratio = ours.requests_per_second / floor.requests_per_second
    return Result(
        row=ROW,
        path="scan to full play page, 16 connections" + note,
        database=database,
        ours=f"{ours.requests_per_second:.0f}/s, p99 {ours.p99_ms:.0f} ms",
        floor=f"{floor.requests_per_second:.0f}/s, p99 {floor.p99_ms:.0f} ms",
        ratio=ratio,
        bar=f">= {BAR:g}, p99 <= floor's",
        reached=ratio >= BAR and ours.p99_ms <= floor.p99_ms,
        details={
            "client": ours.client,
            "p99_ms": ours.p99_ms,
            "floor_p99_ms": floor.p99_ms,
            "scans_counted": counted.scans,
            "counted_after_seconds": counted.seconds,
        },
    )
