"""Beat does the housekeeping itself instead of asking a worker to.

Sweeping, purging and tidying are short, and they are needed most when workers are at their limit or gone: a message to
sweep would wait behind an hour of speech, and the row of a killed generation with it. So whatever is due runs here,
each task in a thread of its own, and never twice at the same time.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry
from django.db import close_old_connections, connections

logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):
    """A Celery beat scheduler that runs what is due in this process; it needs no broker."""

    # Celery asks for it before every task, and by default it would wait for the broker.
    producer = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._at_work: dict[str, threading.Thread] = {}
        super().__init__(*args, **kwargs)

    def apply_async(
        self, entry: ScheduleEntry, producer: Any = None, advance: bool = True, **kwargs: Any
    ) -> threading.Thread | None:
        """Begin what is due, unless its last turn is still under way. Returns the thread that does it."""
        if advance:
            entry = self.reserve(entry)
        before = self._at_work.get(entry.name)
        if before is not None and before.is_alive():
            logger.warning("%s is still at work; this turn is left out", entry.name)
            return None
        thread = threading.Thread(
            target=self._run,
            args=(entry,),
            name=entry.name,
            # All of it may be killed at any moment and is taken up at the next turn.
            daemon=True,
        )
        self._at_work[entry.name] = thread
        thread.start()
        self._tasks_since_sync += 1
        if self.should_sync():
            self._do_sync()
        return thread

    def _run(self, entry: ScheduleEntry) -> None:
        close_old_connections()
        try:
            self.app.tasks[entry.task](*entry.args, **entry.kwargs)
        except Exception:  # the next turn tries again; the other tasks must not suffer
            logger.exception("%s failed", entry.name)
        finally:
            connections.close_all()  # this thread's own
