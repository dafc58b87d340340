"""The writing side of listening. A failed count never stops page or audio: they count through ``try_to``."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import Error, transaction
from django.utils import timezone

from generations.models import Dot
from generations.services import count_play, count_scan
from plays.models import DailySalt, PlayEvent, RecentVisitor, Scan

logger = logging.getLogger(__name__)

VISITOR_PAUSE = timedelta(minutes=30)  # a visitor's asking for the audio is one play within this time
FORGET_VISITORS_AFTER = timedelta(hours=1)


def try_to(count: Callable[..., Any], **what: Any) -> None:
    """Count, and carry on whatever comes of it."""
    try:
        count(**what)
    except Error:
        logger.exception("%s failed", count.__name__)


@transaction.atomic
def record_scan(*, dot: Dot, generation_id: int, language: str, is_printed: bool, is_bot: bool) -> Scan:
    """One opening of the play page. A bot's is kept, and is in no total.

    Args:
        generation_id: what was there to hear.
        language: its BCP 47 tag.
        is_printed: by the address in the printed code, not by a shared link.
    """
    scan = Scan.objects.create(
        dot=dot, generation_id=generation_id, language=language, is_printed=is_printed, is_bot=is_bot
    )
    if not is_bot:
        count_scan(dot_id=dot.pk)
    return scan


@transaction.atomic
def record_event(
    *,
    dot: Dot,
    generation_id: int,
    language: str,
    visit: str,
    event: str,
    position_ms: int,
    heard_ms: int,
    is_bot: bool,
) -> bool:
    """What a player told. The same visit, event and position counts once.

    Args:
        generation_id: what is heard.
        visit: 1 to 36 characters, random per page view.
        event: one of ``PlayEvent.Event``.
        position_ms: milliseconds from the beginning of the audio.
        heard_ms: milliseconds heard since the visit's last event.

    Returns:
        Whether it was new.
    """
    _row, created = PlayEvent.objects.get_or_create(
        dot=dot,
        visit=visit,
        event=event,
        position_ms=position_ms,
        defaults={
            "generation_id": generation_id,
            "language": language,
            "heard_ms": heard_ms,
            "is_bot": is_bot,
        },
    )
    if created and event == PlayEvent.Event.PLAY and not is_bot:
        count_play(dot_id=dot.pk)
    return created


@transaction.atomic
def record_play_without_script(*, dot: Dot, generation_id: int, language: str, visitor: str, is_bot: bool) -> bool:
    """The audio was asked for by something that tells no events: a play, once a visitor in 30 minutes.

    Args:
        generation_id: what is heard.
        language: its BCP 47 tag.
        visitor: as ``visitors.visitor_hash`` has it.

    Returns:
        Whether it counted.
    """
    now = timezone.now()
    # Two requests of one visitor at once (browsers ask for a file in parts): one makes the row or moves its time.
    _row, is_first = RecentVisitor.objects.get_or_create(visitor=visitor, defaults={"counted_at": now})
    if not is_first:
        again = RecentVisitor.objects.filter(visitor=visitor, counted_at__lte=now - VISITOR_PAUSE)
        if not again.update(counted_at=now):
            return False
    # A visit of its own, so that the event has no tie to the visitor.
    return record_event(
        dot=dot,
        generation_id=generation_id,
        language=language,
        visit=str(uuid.uuid4()),
        event=PlayEvent.Event.PLAY,
        position_ms=0,
        heard_ms=0,
        is_bot=is_bot,
    )


def tidy() -> None:
    """Destroy the salts of days that are over, and forget visitors who were last counted an hour ago."""
    now = timezone.now()
    DailySalt.objects.filter(day__lt=now.date()).delete()
    RecentVisitor.objects.filter(counted_at__lt=now - FORGET_VISITORS_AFTER).delete()
