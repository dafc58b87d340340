"""A real worker beside the live server: another process on the same database, storage and broker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.conf import settings
from django.db import connection


@contextmanager
def running_worker(site_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker that makes what the tests' site asks for, until the block is left."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "micdots.settings.local",
        "VAR_DIR": str(settings.VAR_DIR),
        "SECRET_KEY": settings.SECRET_KEY,
        "SITE_URL": site_url,
        "DATABASE_URL": _database_url(),
    }
    log = (settings.VAR_DIR / "worker.log").open("ab")
    command = [sys.executable, "-m", "celery", "-A", "micdots", "worker", "--concurrency", "1", "--loglevel", "INFO"]
    worker = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stdout=log, stderr=log)
    try:
        yield worker
    finally:
        worker.terminate()
        try:
            worker.wait(timeout=20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        log.close()


def _database_url() -> str:
    """The test database that this process is connected to, as another process is told of it."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    credentials = f"{quote(parts['USER'])}:{quote(parts['PASSWORD'])}"
    return f"postgres://{credentials}@{parts['HOST'] or 'localhost'}:{parts['PORT'] or 5432}/{parts['NAME']}"
