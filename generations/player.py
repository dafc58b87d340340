"""What a player shows of a generation: the play page and the dot's page draw it from ``components/player.html``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from generations.models import Generation
from generations.text import without_pauses
from generations.webvtt import Cue, parse_vtt
from micdots.lib.errors import ValidationFailed
from micdots.lib.language_names import language_name
from micdots.lib.text_direction import text_direction
from micdots.lib.waveform import HEIGHT, WIDTH, wave_path

_GAP = re.compile(r"\s+")


@dataclass(frozen=True)
class Phrase:
    """A stretch of the transcript that is heard in one go."""

    text: str
    start: float | None  # seconds; None where the captions do not say
    space: str  # what stands before it on its line: "" or " "


Line = list[Phrase]
Paragraph = list[Line]


@dataclass(frozen=True)
class Player:
    """Everything that the player's template needs; addresses are ready to be put into attributes."""

    audio_url: str
    captions_url: str
    language: str  # BCP 47 tag of what is heard
    language_name: str  # for the reader
    direction: str  # "ltr" or "rtl"
    duration: float  # seconds
    wave: str  # the path of the waveform; empty where there is none
    paragraphs: list[Paragraph]

    @property
    def wave_width(self) -> int:
        return WIDTH

    @property
    def wave_height(self) -> int:
        return HEIGHT


def player_for(generation: Generation, *, audio_url: str, captions_url: str) -> Player:
    """The player of a ready generation.

    Args:
        generation: with its text, captions and peaks.
        audio_url: of the audio; what asks for it need have no credentials but what stands in it.
        captions_url: of its captions.
    """
    try:
        cues = parse_vtt(generation.captions)
    except ValidationFailed:
        cues = []  # a recording without a transcript
    return Player(
        audio_url=audio_url,
        captions_url=captions_url,
        language=generation.language,
        language_name=language_name(generation.language),
        direction=text_direction(generation.language),
        duration=round((generation.duration_ms or 0) / 1000, 2),
        wave=wave_path(generation.peaks),
        paragraphs=transcript(generation.text, cues),
    )


def transcript(text: str, cues: Sequence[Cue]) -> list[Paragraph]:
    """The text to read along: the cues, set in the paragraphs and lines of the text.

    Takes time in proportion to the text. Where the cues are not the text (captions that somebody wrote by hand), they
    stand in one paragraph; without cues the text stands as it is.

    Args:
        text: a normalised text.
        cues: in order.
    """
    text = without_pauses(text).strip()
    if not cues:
        return [[[Phrase(line.strip(), None, "")] for line in part.split("\n")] for part in _parts(text)]
    bare = ["".join(cue.text.split()) for cue in cues]
    if "".join(bare) != "".join(text.split()):
        return [[[Phrase(cue.text, cue.start, " ") for cue in cues]]]
    # Where whitespace stands, counted in characters that are none: there, line breaks and spaces of the text come back.
    gaps: dict[int, str] = {}
    spaces_before = 0
    for gap in _GAP.finditer(text):
        gaps[gap.start() - spaces_before] = gap[0]
        spaces_before += len(gap[0])
    paragraphs: list[Paragraph] = []
    offsets = accumulate(map(len, bare), initial=0)
    for cue, offset in zip(cues, offsets, strict=False):
        breaks = gaps.get(offset, "").count("\n")
        if not paragraphs or breaks > 1:
            paragraphs.append([])
        if not paragraphs[-1] or breaks == 1:
            paragraphs[-1].append([])
        line = paragraphs[-1][-1]
        line.append(Phrase(cue.text, cue.start, " " if line and offset in gaps else ""))
    return paragraphs


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"\n\s*\n", text) if part.strip()]
