"""Records of what happens to a dot, as the spool has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from generations.models import Dot
from plays.records import Record

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday


def a_record(kind: str, dot: Dot, at: datetime = NOON, **more: Any) -> Record:
    generation = dot.renditions.first()
    values = {"language": "en-GB", "generation_id": generation and generation.generation_id, **more}
    return Record(kind=kind, dot_id=dot.pk, at=at.timestamp(), **values)


def a_scan(dot: Dot, at: datetime = NOON, **more: Any) -> Record:
    return a_record("scan", dot, at, **more)


def a_play(dot: Dot, at: datetime = NOON, visit: str = "visit", **more: Any) -> Record:
    return a_record("play", dot, at, visit=visit, **more)
