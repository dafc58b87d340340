"""The process manager: supervisor, run inside this process (docs/adr/0008-process-manager.md).

Supervisor starts, watches, restarts and stops the programs of ``supervisord.conf``. This module adds what a
program in a terminal owes its user: named lines, one exit for every way of stopping, and nothing left behind.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from supervisor import events
from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import ServerOptions
from supervisor.states import SupervisorStates
from supervisor.supervisord import Supervisor

from micdots.run.console import Console
from micdots.run.health import is_answering

_CONFIGURATION = Path(__file__).with_name("supervisord.conf")
_TRIES = 3  # that end by themselves before the program has come up: then it is the configuration
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Found before any fork: the child calls it between fork and exec, where loading a library is not safe.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def run(welcome: list[str]) -> int:
    """Run all programs until a signal arrives or one of them cannot be kept alive.

    Args:
        welcome: lines to show once the web server answers.

    Returns:
        The exit status: 0 after a signal, 1 when a program kept ending as soon as it was started.
    """
    if "MAKELEVEL" in os.environ:
        _end_with_parent()  # make that is killed takes this with it, as it does when it is stopped politely
    os.environ["MICDOTS_PIDFILE"] = str(settings.VAR_DIR / "supervisord.pid")
    os.environ["MICDOTS_TMP"] = str(settings.VAR_DIR / "tmp")
    # `python` in the configuration is the interpreter that runs this.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    console = Console()
    options = _Options(console)
    options.realize(["--configuration", str(_CONFIGURATION)])
    options.first = True
    options.test = False
    threading.Thread(target=_greet, args=(console, welcome, lambda: options.ending), daemon=True).start()
    with contextlib.suppress(asyncore.ExitNow):  # how supervisor's main loop says that everything has stopped
        Supervisor(options).main()
    options.close_logger()
    return 1 if options.broken else 0


class _Options(ServerOptions):
    """Supervisor's door to the operating system, with our manners."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self.ending = False
        self.broken = False
        self._wait_status: dict[int, int] = {}

    def setsignals(self) -> None:
        """Called once supervisor is set up: from here on it notifies, and signals are its own."""
        super().setsignals()
        # A closed terminal means stop; supervisor would take it for "read the configuration again and go on".
        signal.signal(signal.SIGHUP, lambda number, frame: self.signal_receiver.receive(signal.SIGTERM, frame))
        events.subscribe(events.ProcessLogEvent, self._on_output)
        events.subscribe(events.ProcessStateExitedEvent, self._on_end)
        events.subscribe(events.ProcessStateBackoffEvent, self._on_early_end)
        events.subscribe(events.ProcessStateStoppedEvent, self._clear_away)
        events.subscribe(events.SupervisorStoppingEvent, self._on_stopping)

    def setpgrp(self) -> None:
        """Called in each child before its program starts: it gets a group of its own and ends when we do."""
        super().setpgrp()
        _end_with_parent()

    def _on_output(self, event: events.ProcessLogEvent) -> None:
        self.console.take(event.process.config.name, event.data)

    def waitpid(self) -> tuple[int | None, int | None]:
        """Called to learn which child has ended; how it ended is told nowhere else."""
        pid, status = super().waitpid()
        if pid:
            self._wait_status = {pid: status}
        return pid, status

    def _on_end(self, event: events.ProcessStateEvent) -> None:
        self._clear_away(event)
        self.console.say(f"{event.process.config.name} ended without being asked to; it is started again.")

    def _on_early_end(self, event: events.ProcessStateEvent) -> None:
        if os.WIFSIGNALED(self._wait_status.get(event.process.pid, 0)):
            # Somebody killed it: that says nothing about the next start, so this one does not count.
            event.process.backoff = 0
        if event.process.backoff < _TRIES or self.ending:
            self._on_end(event)
            return
        self._clear_away(event)
        self.console.say(f"{event.process.config.name} ends as soon as it starts; its lines above say why.")
        self.broken = True
        self.mood = SupervisorStates.SHUTDOWN

    def _on_stopping(self, event: events.SupervisorStoppingEvent) -> None:
        self.ending = True
        self.console.say("Stopping; this takes a few seconds.")

    def _clear_away(self, event: events.ProcessStateEvent) -> None:
        """End what a program has left in its process group: a killed parent says no goodbye to its children."""
        self.console.finish(event.process.config.name)
        if event.process.pid:  # 0 when it could not even be started
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(event.process.pid, signal.SIGKILL)


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent dies, however it dies. Elsewhere than on Linux nothing is asked."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _greet(console: Console, welcome: list[str], ending: Callable[[], bool]) -> None:
    """Say where to go, as soon as the web server really answers."""
    while not ending():
        if is_answering(settings.HOST, settings.PORT):
            for line in welcome:
                console.say(line)
            return
        time.sleep(0.1)
