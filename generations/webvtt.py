"""The captions' file format, WebVTT (https://www.w3.org/TR/webvtt1/): written for our cues, read from people's."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from micdots.lib.errors import ValidationFailed

MAX_CUES = 50_000

_TIME = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}(?:[ \t]+\S.*)?[ \t]*$", re.ASCII)
_TAG = re.compile(r"<[^<>]*>")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Cue:
    """One caption."""

    start: float  # seconds from the beginning of the audio
    end: float  # seconds; later than start
    text: str  # one line, not empty


def to_vtt(cues: Iterable[Cue]) -> str:
    """Return a WebVTT file."""
    blocks = ["WEBVTT"]
    blocks += [f"{_clock(cue.start)} --> {_clock(cue.end)}\n{_escape(cue.text)}" for cue in cues]
    return "\n\n".join(blocks) + "\n"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


def parse_vtt(text: str, *, duration: float | None = None) -> list[Cue]:
    """Read a WebVTT file.

    Notes, styles, regions, cue names and cue settings are passed over, tags are taken out of the texts, line breaks
    within a cue become spaces.

    Args:
        text: the file.
        duration: seconds of the audio; cues must lie within it. None: not checked.

    Raises:
        ValidationFailed: on ``captions``, naming the line: not WebVTT, no cue, a time that is malformed, runs
            backwards, overlaps or lies behind the end, a cue without text.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise _refused(_("These are no WebVTT captions: the first line must be “WEBVTT”."))
    for number, line in enumerate(lines, 1):
        if _CONTROL.search(line):
            raise _refused(_("Line %(line)d has a control character. Please remove it.") % {"line": number})
    cues: list[Cue] = []
    for number, block in _blocks(lines):
        if cue := _cue(number, block):
            _check_order(number, cue, cues[-1].end if cues else 0.0, duration)
            cues.append(cue)
            if len(cues) > MAX_CUES:
                raise _refused(_("There are more than %(limit)d cues. Please join some.") % {"limit": MAX_CUES})
    if not cues:
        raise _refused(
            _("There is no cue here. A cue is a line such as “00:01.000 --> 00:03.500” with its text below.")
        )
    return cues


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield what stands between blank lines, each with the number of its first line; the header is passed over."""
    block: list[str] = []
    first = 1
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            if not block:
                first = number
            block.append(line)
        elif block:
            if first > 1:
                yield first, block
            block = []


def _cue(number: int, block: list[str]) -> Cue | None:
    """Read one block. None for a note, a style or a region."""
    if re.match(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)", block[0]):
        return None
    # A cue's name may stand above its times.
    at = next((index for index, line in enumerate(block[:2]) if "-->" in line), None)
    if at is None:
        raise _refused(_("Line %(line)d: expected a time such as “00:01.000 --> 00:03.500”.") % {"line": number})
    timing = _TIMING.match(block[at])
    if not timing:
        raise _refused(
            _("Line %(line)d: the time is malformed. Write it like “00:01.000 --> 00:03.500”.") % {"line": number + at}
        )
    start, end = _seconds(timing.groups()[:4]), _seconds(timing.groups()[4:])
    words = " ".join(_plain(line) for line in block[at + 1 :]).split()
    if not words:
        raise _refused(_("Line %(line)d: this cue has no text.") % {"line": number + at})
    return Cue(start, end, " ".join(words))


def _plain(line: str) -> str:
    return html.unescape(_TAG.sub("", line))


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60_000 + seconds * 1000 + milliseconds) / 1000


def _check_order(number: int, cue: Cue, previous_end: float, duration: float | None) -> None:
    if cue.end <= cue.start:
        raise _refused(_("Line %(line)d: a cue must end after it begins.") % {"line": number})
    if cue.start < previous_end:
        raise _refused(_("Line %(line)d: this cue begins before the one above it has ended.") % {"line": number})
    # Half a second of grace: players show durations rounded up.
    if duration is not None and cue.end > duration + 0.5:
        raise _refused(
            _("Line %(line)d: this cue ends after the audio, which lasts %(duration).1f seconds.")
            % {"line": number, "duration": duration}
        )


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed({"captions": [message]})
