"""What every speech engine offers, and the words they share.

An engine turns sentences into 16-bit mono samples. It knows nothing of accounts, rows or files: pauses, loudness, the
MP3 and the captions are made by :mod:`generations.voicing` for all engines alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _

from generations.text import Segment
from micdots.lib.errors import MicDotsError

NO_SPEECH = "NO_SPEECH"
ENGINE_UNAVAILABLE = "ENGINE_UNAVAILABLE"
ENGINE_REJECTED = "ENGINE_REJECTED"
TIMEOUT = "TIMEOUT"


class EngineError(MicDotsError):
    """An engine could not speak.

    Attributes:
        code: ``NO_SPEECH``, ``ENGINE_UNAVAILABLE``, ``ENGINE_REJECTED`` or ``TIMEOUT``, as documented for API clients.
        permanent: False where trying the same again later can help.
        retry_after: seconds that the vendor asked to wait, or None.
    """

    status = 503
    _messages: Mapping[str, Any] = {
        NO_SPEECH: _(
            "This text gives no sound with this voice. Write something that can be spoken, or pick another voice."
        ),
        ENGINE_UNAVAILABLE: _("The voice could not be reached. Please try again."),
        ENGINE_REJECTED: _("The voice did not accept this text. Change the text or pick another voice."),
        TIMEOUT: _("Making the voice took too long. Please try again."),
    }

    def __init__(
        self,
        code: str,
        message: Any = None,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message if message is not None else self._messages[code], details=details)
        self.code = code
        self.permanent = permanent
        self.retry_after = retry_after


@dataclass(frozen=True)
class VoiceInfo:
    """One voice of an engine's catalogue."""

    engine: str  # the engine's name in the registry
    name: str  # unique within the engine, matches [a-z0-9._-]+
    label: str  # for people: "English (Great Britain)"
    language: str  # a valid BCP 47 tag: "en-GB"
    gender: str  # "female", "male", "non-binary" or "neutral"
    variant: str = ""  # "f2" for a variant of a base voice, else empty
    kind: str = "synthetic"  # "synthetic" or "human"
    tokens_per_character: Decimal = Decimal(1)
    max_characters: int = 100_000

    @property
    def id(self) -> str:
        """The voice's id, as API clients know it: ``espeak:en-gb``."""
        return f"{self.engine}:{self.name}"


@dataclass(frozen=True)
class SpeechRequest:
    """What to speak, and how."""

    segments: Sequence[Segment]  # from ``text.split``; engines speak the sentences and pass over the pauses
    voice_name: str  # ``VoiceInfo.name``
    speed: float = 1.0  # 0.5 to 2.0; 1 is the voice's own
    pitch: float = 1.0  # 0.5 to 2.0; 1 is the voice's own
    settings: Mapping[str, Any] = field(default_factory=dict)  # the engine's own, checked by ``check_settings``


@dataclass(frozen=True)
class Mark:
    """A moment within a sentence: where a word is heard."""

    offset: int  # characters from the sentence's start
    sample: int  # samples from the sentence's start


@dataclass(frozen=True)
class Spoken:
    """A piece of sound, in the order of the segments.

    Every sentence ends with one piece that has ``last=True``, also where it gave no sound. An engine that has nothing
    to hand over for half a second yields a piece without samples, so that its caller can see a cancel and renew its
    lease.
    """

    segment: int  # index into ``SpeechRequest.segments``
    pcm: bytes  # 16-bit little-endian mono samples; may be empty
    last: bool = False
    marks: tuple[Mark, ...] = ()  # words that begin in this piece, where the engine tells; rising


class Engine(Protocol):
    """A plug-in that speaks. One instance serves a whole process; it keeps no state between calls of ``speak``."""

    name: str  # matches [a-z0-9-]+

    def voices(self) -> list[VoiceInfo]:
        """Return the catalogue. Raises EngineError where it cannot be had."""

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Raise ValidationFailed on ``settings`` for a parameter that this engine does not know, or a wrong value."""

    def sample_rate(self, voice_name: str) -> int:
        """Return the samples a second of what ``speak`` yields for this voice."""

    def speak(self, request: SpeechRequest) -> AbstractContextManager[Iterator[Spoken]]:
        """Speak the sentences of ``request``.

        Use as ``with engine.speak(request) as pieces``: leaving the block, early or not, ends every process and
        connection at once. Memory does not grow with the text.

        Raises:
            EngineError: on entering or while iterating; ``permanent`` says whether trying again can help.
        """
