"""Roll-ups as listening leaves them, written straight: what counts how is tested where it is counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from generations.models import Dot
from plays.models import DayFigures, DayShare, HourFigures


def make_day(
    dot: Dot,
    day: date,
    *,
    scans: int = 10,
    unique_visitors: int = 6,
    plays: int = 8,
    completions: int = 4,
    heard_ms: int = 60_000,
    language: str = "en-GB",
    zone: str = "UTC",
    shares: Mapping[str, Mapping[str, int]] | None = None,
) -> DayFigures:
    """A day of a dot, with how its scans are spread: ``{"device": {"phone": 7, "": 3}}``."""
    for dimension, values in (shares or {}).items():
        for value, count in values.items():
            DayShare.objects.create(dot=dot, day=day, language=language, dimension=dimension, value=value, count=count)
    return DayFigures.objects.create(
        dot=dot,
        day=day,
        language=language,
        zone=zone,
        scans=scans,
        unique_visitors=unique_visitors,
        plays=plays,
        completions=completions,
        heard_ms=heard_ms,
    )


def make_hour(dot: Dot, hour: datetime, *, scans: int = 3, plays: int = 2, language: str = "en-GB") -> HourFigures:
    return HourFigures.objects.create(dot=dot, hour=hour, language=language, scans=scans, plays=plays)


# Every dimension, with values that are unknown, long, foreign or dangerous.
SHARES: dict[str, dict[str, int]] = {
    "device": {"phone": 7, "desktop": 2, "": 1},
    "system": {"Android": 6, "iOS": 3, "": 1},
    "browser": {"Chrome Mobile": 6, "Mobile Safari": 3, "": 1},
    "country": {"DE": 8, "ES": 1, "": 1},
    "city": {"Freiburg im Breisgau": 8, "": 2},
    "referrer": {"": 5, "www.a-long-name-of-a-host-that-nobody-ever-shortens.example.org": 4, "other": 1},
    "source": {"printed": 9, "link": 1},
    "reached": {str(percent): 8 - percent // 25 for percent in range(0, 101, 10)},
}
