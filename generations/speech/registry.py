"""Engines by name. A new engine is a new module beside this one and one line here."""

from __future__ import annotations

from functools import cache

from generations.speech.base import ENGINE_UNAVAILABLE, Engine, EngineError
from generations.speech.espeak import Espeak


@cache
def engines() -> dict[str, Engine]:
    """Return every engine that this installation can use, by name."""
    return {engine.name: engine for engine in (Espeak(),)}


def engine(name: str) -> Engine:
    """Return one engine.

    Raises:
        EngineError: ``ENGINE_UNAVAILABLE``, permanent: no such engine is configured (any more).
    """
    try:
        return engines()[name]
    except KeyError:
        raise EngineError(ENGINE_UNAVAILABLE, permanent=True) from None
