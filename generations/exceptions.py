"""What generations refuses, and what can go wrong while a voice is made."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

# The `error.code` of a failed generation → the sentence that its owner reads. The codes are a public contract.
FAILURES: dict[str, Any] = {
    "NO_SPEECH": _("There was nothing to speak: the voice made no sound of this text. Try another voice or text."),
    "ENGINE_UNAVAILABLE": _("The voice did not answer, even after several tries. Please try again later."),
    "ENGINE_REJECTED": _("The voice refused this text. Try another voice or change the text."),
    "TIMEOUT": _("Making the voice took too long and was stopped. Try a shorter text."),
    "STORAGE_FAILED": _("The finished voice could not be stored. Please try again later."),
    "INVALID_AUDIO": _("The recording could not be read as sound, or is too long. Please upload another file."),
    "INTERNAL_ERROR": _("Something went wrong on our side. Please try again."),
}

# The same for what was made from a recording, where it reads differently.
RECORDING_FAILURES: dict[str, Any] = {
    "NO_SPEECH": _("There is only silence in this recording. Please check the microphone and record again."),
    "TIMEOUT": _("Reading the recording took too long and was stopped. Try a shorter one, or another file format."),
    "STORAGE_FAILED": _("The recording could not be read from the storage, or not be stored. Please try again later."),
}


def failure_message(code: str, *, is_recording: bool = False) -> Any:
    """The translatable sentence for an ``error.code``."""
    if is_recording and code in RECORDING_FAILURES:
        return RECORDING_FAILURES[code]
    return FAILURES.get(code, FAILURES["INTERNAL_ERROR"])
