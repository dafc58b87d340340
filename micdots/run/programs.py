"""The programs of an installation and their command lines: the one place that ``make run`` and containers share."""

import sys
from collections.abc import Callable

from django.conf import settings


def web() -> list[str]:
    """Return the web server's command: granian, each worker a process that answers from a few threads."""
    return [
        *(sys.executable, "-m", "granian"),
        *("--interface", "wsgi"),
        *("--host", settings.HOST, "--port", str(settings.PORT)),
        *("--workers", str(settings.WEB_WORKERS), "--blocking-threads", str(settings.WEB_THREADS)),
        *("--respawn-failed-workers", "--respawn-interval", "0.5"),
        *("--workers-kill-timeout", "5"),
        *("--log-level", "warning"),
        "micdots.wsgi:application",
    ]


def worker() -> list[str]:
    """Return the worker's command: it makes voices, one generation a process.

    ``-O fair`` hands a message only to a process that is free, so a short text never waits behind a long one.
    Workers need not know of each other (the rows say who does what), so gossip, mingle and heartbeat stay off.
    """
    return [
        *(sys.executable, "-m", "celery", "--app", "micdots", "--quiet", "worker"),
        *("--pool", "prefork", "--concurrency", str(settings.WORKER_CONCURRENCY), "-O", "fair"),
        *("--hostname", f"worker-{settings.PORT}@%h"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        *("--loglevel", settings.LOG_LEVEL),
    ]


def beat() -> list[str]:
    """Return the command of beat, which sweeps and tidies. The lock on ``var/`` keeps it single, not a pid file."""
    return [
        *(sys.executable, "-m", "celery", "--app", "micdots", "--quiet", "beat"),
        *("--pidfile", ""),
        *("--loglevel", settings.LOG_LEVEL),
    ]


# Sound goes through arrays of some megabytes. As it comes, glibc takes each from the system and gives it back, and the
# kernel clears its pages every time: a twentieth of all the work of making a voice. So the worker keeps them.
ENVIRONMENT = {"worker": {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "33554432"}}  # bytes

COMMANDS: dict[str, Callable[[], list[str]]] = {"web": web, "worker": worker, "beat": beat}
