"""eSpeak NG, the built-in engine: its catalogue, and speaking through a short process each time.

``espeak_child.py`` says why.
"""

from __future__ import annotations

import logging
import math
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from generations.previews import preview_text
from generations.speech import languages
from generations.speech.base import ENGINE_UNAVAILABLE, EngineError, Mark, SpeechRequest, Spoken, VoiceInfo
from generations.speech.espeak_process import NOTHING, Frame, child
from generations.speech.espeak_text import Prepared, frame, scripts_of
from generations.text import Sentence
from micdots.lib.errors import ValidationFailed

logger = logging.getLogger(__name__)

SAMPLE_RATE = 22_050  # Hz, of all its voices
NORMAL_RATE, NORMAL_PITCH = 175, 50  # words a minute; eSpeak's own scale from 0 to 100

# A text in another script than the voice's is spelled, letter by letter by name, and emoji have long names: up to
# some 3 seconds a character. What goes beyond is a runaway, and no recording is longer than half a day.
_SECONDS_PER_CHARACTER = 3.0
_SECONDS_GRACE = 60.0
_SECONDS_MOST = 12 * 3600.0


class Espeak:
    """The built-in engine."""

    name = "espeak"

    def voices(self) -> list[VoiceInfo]:
        """Return every voice of the library, with variants for the major languages."""
        found: list[VoiceInfo] = []
        with child([]) as frames:
            for kind, payload in frames:
                if kind == b"V":
                    label, tag, identifier, _gender = payload.decode().split("\t")
                    found += _voices_of(label, languages.voice_name(tag, identifier))
        return found

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """eSpeak NG has no parameters of its own: speed and pitch belong to the request."""
        if settings:
            names = ", ".join(sorted(map(str, settings)))
            raise ValidationFailed({"settings": [_("This voice has no such settings: %(names)s.") % {"names": names}]})

    def sample_rate(self, voice_name: str) -> int:
        """Hz."""
        return SAMPLE_RATE

    @contextmanager
    def speak(self, request: SpeechRequest) -> Iterator[Iterator[Spoken]]:
        """See ``Engine.speak``."""
        scripts = scripts_of(preview_text(_tag_of(request.voice_name)))
        utterances: list[_Utterance] = []
        for index, segment in enumerate(request.segments):
            if isinstance(segment, Sentence):
                prepared = Prepared(segment.text)
                parts = prepared.utterances(scripts)
                utterances += [
                    _Utterance(index, prepared, offset, text, last=number == len(parts))
                    for number, (offset, text) in enumerate(parts, 1)
                ]
        characters = sum(len(utterance.text) for utterance in utterances)
        most = min(_SECONDS_GRACE + characters * _SECONDS_PER_CHARACTER / request.speed, _SECONDS_MOST)
        arguments = [
            _file_of(request.voice_name),
            str(round(NORMAL_RATE * request.speed)),
            # eSpeak's table of pitches doubles over 50 steps.
            str(max(0, min(100, round(NORMAL_PITCH + 50 * math.log2(request.pitch))))),
            str(int(most * SAMPLE_RATE)),
        ]
        with child(arguments, b"".join(frame(utterance.text) for utterance in utterances)) as frames:
            yield _spoken(frames, utterances)


@dataclass(frozen=True)
class _Utterance:
    """What the child is given at a time: a sentence, or a part of one that is too much for the library."""

    segment: int
    prepared: Prepared
    offset: int  # where it begins in the prepared text
    text: str
    last: bool  # the sentence's last


def _spoken(frames: Iterator[Frame], utterances: list[_Utterance]) -> Iterator[Spoken]:
    position = 0
    before = spoken = 0  # samples of the sentence's earlier utterances, and of all its utterances
    marks: list[Mark] = []
    for kind, payload in frames:
        utterance = utterances[position]
        if kind == b"M":
            for at, sample in struct.iter_unpack("<II", payload):
                marks.append(Mark(utterance.prepared.original(utterance.offset + at), before + sample))
        elif kind == b"E" and not utterance.last:
            before = spoken
            position += 1
        elif kind in (b"P", b"E") or (kind, payload) == NOTHING:
            yield Spoken(utterance.segment, payload, last=kind == b"E", marks=tuple(marks))
            spoken += len(payload) // 2
            marks = []
            if kind == b"E":
                before = spoken = 0
                position += 1
                if position == len(utterances):
                    return
    raise EngineError(ENGINE_UNAVAILABLE)


def _voices_of(label: str, name: str) -> list[VoiceInfo]:
    """Return a voice of the library with its variants; none for a mute one, or one that the table does not know yet."""
    if name in languages.MUTE:
        return []
    if name not in languages.VOICES:
        logger.warning("eSpeak NG has a voice that languages.py does not know: %s", name)
        return []
    _file, tag = languages.VOICES[name]
    # The library calls all its base voices male, and they sound so.
    base = VoiceInfo(engine="espeak", name=name, label=label, language=tag, gender="male")
    if name not in languages.MAJOR:
        return [base]
    return [
        base,
        *(
            replace(
                base,
                name=f"{name}-{variant}",
                label=f"{label}, {gender} {variant[1:]}",
                gender=gender,
                variant=variant,
            )
            for variant, gender in languages.VARIANTS.items()
        ),
    ]


def _split_name(voice_name: str) -> tuple[str, str]:
    """Return base voice and variant: ``es-f2`` is ``es`` and ``f2``. Raises EngineError for an unknown voice."""
    name, _dash, variant = voice_name.rpartition("-")
    if variant not in languages.VARIANTS:
        name, variant = voice_name, ""
    if name not in languages.VOICES:
        raise EngineError(ENGINE_UNAVAILABLE, permanent=True)
    return name, variant


def _file_of(voice_name: str) -> str:
    """Return what the library calls a voice of ours: ``es-f2`` is ``es+f2``."""
    name, variant = _split_name(voice_name)
    file, _tag = languages.VOICES[name]
    return f"{file}+{variant}" if variant else file


def _tag_of(voice_name: str) -> str:
    return languages.VOICES[_split_name(voice_name)[0]][1]
