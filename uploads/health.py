"""The storage's part in ``/readyz``."""

from __future__ import annotations

from micdots.lib.health import health_check
from uploads.storage import store


@health_check("storage")
def storage_answers() -> None:
    store().check()
