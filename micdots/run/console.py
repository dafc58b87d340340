"""What the terminal shows of the programs: every line with its program's name before it."""

import sys
from typing import TextIO

_WIDTH = 6  # of the longest name, "worker"


class Console:
    """Collects the programs' output and writes whole lines, so that two programs never share one."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._unfinished: dict[str, bytes] = {}

    def take(self, name: str, data: bytes) -> None:
        """Accept a piece of a program's output; its last, unfinished line waits for the rest."""
        *lines, rest = (self._unfinished.get(name, b"") + data).split(b"\n")
        self._unfinished[name] = rest
        for line in lines:
            self.say(line.decode(errors="replace").rstrip("\r"), name)

    def finish(self, name: str) -> None:
        """Write what a program that has ended left without a line end."""
        if rest := self._unfinished.pop(name, b""):
            self.say(rest.decode(errors="replace"), name)

    def say(self, text: str, name: str = "run") -> None:
        """Write one line. A terminal that has gone away must not keep the programs from being stopped."""
        try:
            self._stream.write(f"{name:<{_WIDTH}} | {text}\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = open("/dev/null", "w")  # noqa: SIM115 - stands in for the terminal until the end
