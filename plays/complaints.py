"""Log lines about what goes wrong with every scan: one a minute says as much as a thousand."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0

_said: dict[str, float] = {}


def complain(message: str, *arguments: object) -> None:
    """Log the exception that is being handled, unless the same was said less than a minute ago.

    Args:
        message: with ``%s`` for each of the arguments; without the arguments it is what is meant by "the same".
    """
    now = time.monotonic()
    if now - _said.get(message, -PAUSE_SECONDS) >= PAUSE_SECONDS:
        _said[message] = now
        logger.exception(message, *arguments)  # noqa: LOG004 - always called where one is handled


def forget() -> None:
    """Say everything again."""
    _said.clear()
