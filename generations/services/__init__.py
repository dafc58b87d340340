"""Writes: one function for each thing that a person or a program can do with dots, generations and voices."""

from generations.drawing import draw_qr
from generations.services.dots import (
    add_listening,
    delete_dot,
    erase_account,
    purge_deleted_dots,
    restore_dot,
    set_listening,
    update_dot,
)
from generations.services.making import (
    asked_before,
    cancel_generation,
    delete_generation,
    request_generation,
    retry_generation,
    set_captions,
)
from generations.services.recordings import request_recording
from generations.services.voices import set_voice_terms, sync_voices
from generations.voice_preparation import prepare_voice

__all__ = [
    "add_listening",
    "asked_before",
    "cancel_generation",
    "delete_dot",
    "delete_generation",
    "draw_qr",
    "erase_account",
    "prepare_voice",
    "purge_deleted_dots",
    "request_generation",
    "request_recording",
    "restore_dot",
    "retry_generation",
    "set_captions",
    "set_listening",
    "set_voice_terms",
    "sync_voices",
    "update_dot",
]
