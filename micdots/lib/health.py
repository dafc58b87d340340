"""What has to answer before this process can serve: a registry of checks, each with a time-out.

An app adds its own, once, when it starts::

    @health_check("storage")
    def storage_answers() -> None:
        store().stat("…")          # raises when it does not
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class Finding:
    name: str
    is_up: bool
    milliseconds: int


class _Check:
    def __init__(self, name: str, function: Callable[[], None]) -> None:
        self.name, self.function = name, function
        self.thread: threading.Thread | None = None
        self.failed = False

    def start(self) -> None:
        """Begin to ask. One question at a time: while an earlier one hangs, that is the answer."""
        if self.thread is None or not self.thread.is_alive():
            self.failed = False
            # A daemon, so that a part that never answers cannot keep the process from ending.
            self.thread = threading.Thread(target=self._run, name=f"health {self.name}", daemon=True)
            self.thread.start()

    def _run(self) -> None:
        try:
            self.function()
        except Exception:
            self.failed = True
            logger.warning("%s is down", self.name, exc_info=True)

    def finish(self, started: float, deadline: float) -> Finding:
        thread = self.thread
        if thread is not None:
            thread.join(max(0.0, deadline - time.monotonic()))
        hangs = thread is None or thread.is_alive()
        if hangs:
            logger.warning("%s did not answer within %.1f s", self.name, TIMEOUT_SECONDS)
        return Finding(self.name, not hangs and not self.failed, round((time.monotonic() - started) * 1000))


_checks: dict[str, _Check] = {}


def health_check(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function that returns while its part is up and raises when it is down; it gets its own thread."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        _checks[name] = _Check(name, function)
        return function

    return register


def run_health_checks() -> list[Finding]:
    """Ask all parts at once; takes no longer than the time-out."""
    started = time.monotonic()
    checks = list(_checks.values())
    for check in checks:
        check.start()
    return [check.finish(started, started + TIMEOUT_SECONDS) for check in checks]
