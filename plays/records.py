"""What goes through the spool: one thing that happened, as one line of JSON."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime

MISS = "miss"  # besides the kinds of ``Event``

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def new_event_id() -> str:
    """Random, and not like any other; not secret, so it need not be asked of the kernel with every scan."""
    return f"{random.getrandbits(128):032x}"


@dataclass(frozen=True, slots=True)
class Record:
    """One event on its way into the database. It names no address and no browser's full name."""

    kind: str  # one of ``Event.Kind``, or MISS
    dot_id: int | None = None  # None: a miss of an unknown code
    generation_id: int | None = None
    language: str = ""
    event_id: str = field(default_factory=new_event_id)  # a UUID in hexadecimal digits
    at: float = field(default_factory=lambda: datetime.now(UTC).timestamp())  # seconds since 1970, UTC
    is_printed: bool = False
    is_bot: bool = False
    visit: str = ""
    position_ms: int = 0
    heard_ms: int = 0
    visitor: str = ""
    device: str = ""
    system: str = ""
    browser: str = ""
    country: str = ""
    city: str = ""
    referrer: str = ""
    code: str = ""  # of a miss
    reason: str = ""  # of a miss: "unknown" or a dot's status

    def to_line(self) -> bytes:
        """One line, with its end; what has its default value is left out."""
        # Not ``asdict``, which copies whatever it finds to the bottom: this is done with every scan.
        said = {name: value for name in _NAMES if (value := getattr(self, name))}
        return _encode(said).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Record:
        """Raises ValueError for a line that is cut off or none of ours."""
        said = json.loads(line)
        if not isinstance(said, dict) or not {"kind", "event_id", "at"} <= said.keys():
            raise ValueError("not a record")
        try:
            return cls(**said)
        except TypeError as error:
            raise ValueError("not a record") from error


@dataclass(frozen=True, slots=True)
class Heard:
    """What there was to hear, and whose wishes hold: all that a record needs to know of a dot."""

    dot_id: int
    generation_id: int
    language: str  # BCP 47 tag
    keeps_attributes: bool  # whether the owner wants visitors told apart
    is_counted_down: bool  # plays are limited: the next visitor has to know of this one's


_NAMES = [each.name for each in fields(Record)]
