"""The worker's processes on the file broker, and what happens when one of them is killed.

There Celery's processes share one pipe, and the one that waits at it holds a lock. Who is killed while waiting (by the
kernel when memory runs out, for example) never gives it back: the others wait for ever, new ones too, and the worker
looks well but does nothing, not even stop. So the whole worker ends then, and the process manager starts it again; what
its other processes were making is taken up by the sweeper. On Redis each process has a pipe of its own.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from typing import Any

from celery.concurrency import prefork

logger = logging.getLogger(__name__)

EXIT_STATUS = 70  # EX_SOFTWARE of sysexits.h


class TaskPool(prefork.TaskPool):
    """Celery's own pool, which ends the worker when one of its processes was killed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, on_process_down=self._process_down, **options)

    def _process_down(self, process: Any) -> None:
        """Called by Celery when a process has ended, in a thread of its own; ``exitcode`` is minus the signal."""
        exit_code = process.exitcode or 0
        if exit_code >= 0 or exit_code == -signal.SIGTERM:  # it was asked to
            return
        logger.error("process %d of the worker was ended by signal %d: ending the worker", process.pid, -exit_code)
        for other in list(self._pool._pool):
            with contextlib.suppress(ProcessLookupError):
                os.kill(other.pid, signal.SIGKILL)
        # Every ordinary way to the end asks for the lock.
        os._exit(EXIT_STATUS)
