"""The writing side of listening: each function makes one record and sends it on its way through the spool.

None of them ever raises: a count that fails is a line in the log, and page and audio are none the wiser.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from plays import spool
from plays.complaints import complain
from plays.counting import Environ, is_bot
from plays.models import Event
from plays.records import MISS, Heard, Record
from plays.visitors import has_just_played, visitor_of

UNKNOWN = "unknown"  # the reason of a miss where no dot has or had the code

_P = ParamSpec("_P")


def _in_nobodys_way(count: Callable[_P, Any]) -> Callable[_P, None]:
    @wraps(count)
    def carry_on(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            count(*args, **kwargs)
        except Exception:  # whatever it is, somebody waits for page or audio
            complain("%s failed", count.__name__)

    return carry_on


@_in_nobodys_way
def record_scan(environ: Environ, heard: Heard, *, is_printed: bool) -> None:
    """One opening of the play page.

    Args:
        environ: the request, as WSGI has it.
        is_printed: by the address in the printed code, not by a shared link.
    """
    spool.append(_record(environ, heard, Event.Kind.SCAN, is_printed=is_printed, **_visitor(environ, heard)))


@_in_nobodys_way
def record_event(environ: Environ, heard: Heard, *, visit: str, event: str, position_ms: int, heard_ms: int) -> None:
    """What a player told. The same visit, event and position counts once, see ``plays.taking``.

    Args:
        visit: 1 to 36 characters, random per page view.
        event: ``play``, ``progress`` or ``complete``.
        position_ms: milliseconds from the beginning of the audio.
        heard_ms: milliseconds heard since the visit's last event.
    """
    record = _record(environ, heard, event, visit=visit, position_ms=position_ms, heard_ms=heard_ms)
    spool.append(record, at_once=heard.is_counted_down and event == Event.Kind.PLAY)


@_in_nobodys_way
def record_play_without_script(environ: Environ, heard: Heard) -> None:
    """The audio was asked for by something that tells no events: a play, once a visitor in 30 minutes."""
    visitor = _visitor(environ, heard)
    if not visitor["visitor"] and has_just_played(environ, dot_id=heard.dot_id):
        return
    spool.append(_record(environ, heard, Event.Kind.PLAY, **visitor), at_once=heard.is_counted_down)


@_in_nobodys_way
def record_miss(environ: Environ, *, code: str, reason: str, dot_id: int | None = None) -> None:
    """A well-formed code was asked for, and there was nothing to hear. Programs that call themselves bots miss nothing.

    Args:
        reason: ``UNKNOWN``, or the dot's status.
    """
    if not is_bot(environ):
        spool.append(Record(kind=MISS, dot_id=dot_id, code=code, reason=reason))


def _record(environ: Environ, heard: Heard, kind: str, **more: Any) -> Record:
    return Record(
        kind=str(kind),
        dot_id=heard.dot_id,
        generation_id=heard.generation_id,
        language=heard.language,
        is_bot=is_bot(environ),
        **more,
    )


def _visitor(environ: Environ, heard: Heard) -> dict[str, str]:
    visitor = visitor_of(environ, dot_id=heard.dot_id, keeps_attributes=heard.keeps_attributes)
    told = visitor.attributes
    return {
        "visitor": visitor.key,
        "device": told.device,
        "system": told.system,
        "browser": told.browser,
        "country": told.country,
        "city": told.city,
        "referrer": told.referrer,
    }
