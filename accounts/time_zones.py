"""The time zones that an account may choose."""

from __future__ import annotations

import zoneinfo
from functools import cache


@cache
def time_zones() -> tuple[str, ...]:
    """All IANA names, sorted. Kept, because looking for them reads some hundred files."""
    return tuple(sorted(zoneinfo.available_timezones()))
