"""``/healthz``: the process lives. ``/readyz``: everything that it needs answers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from micdots.api.envelope import error_body, success_body
from micdots.lib.health import TIMEOUT_SECONDS, health_check, run_health_checks


@health_check("database")
def database_answers() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # this thread's own


@health_check("broker")
def broker_answers() -> None:
    if settings.REDIS_URL:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        ) as client:
            client.ping()
        return
    folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"])
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise OSError(f"the folder {folder.name} of the broker cannot be written")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Touches nothing: a slow database is no reason to kill the process."""
    return JsonResponse(success_body({"status": "ok"}))


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every part answers, else 503. Says which part is down; why stands in the log only."""
    findings = run_health_checks()
    checks = {
        found.name: {"status": "ok" if found.is_up else "down", "milliseconds": found.milliseconds}
        for found in findings
    }
    down = [found.name for found in findings if not found.is_up]
    data: dict[str, Any] = {"status": "down" if down else "ok", "checks": checks}
    if not down:
        return JsonResponse(success_body(data))
    details = {name: [_("This part does not answer.")] for name in down}
    body = error_body("SERVICE_UNAVAILABLE", _("A part that is needed does not answer."), details)
    return JsonResponse({**body, "data": data}, status=503)
