"""The process that speaks: eSpeak NG, text in on stdin, sound out on stdout, then it ends.

Why a process of its own: the library keeps global state (two threads crash it, and only a fresh process gives the same
sound for the same text every time), it can be killed at any moment, and its licence (GPL) stays outside of MicDots.

Started by ``espeak.py`` as ``python -I -S espeak_child.py …`` and standing alone: it imports nothing of MicDots and as
little as it can, because every generation waits for it. What it says to its parent is written down in
``espeak_process.py``.
"""

import ctypes
import os
import struct
import sys

SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: hand samples to the callback, return when all is spoken
DONT_EXIT = 0x8000  # espeak_Initialize: report missing data instead of ending the process
CHARS_UTF8 = 1  # espeak_Synth; never 0x10 (SSML): the text is typed by strangers
POS_CHARACTER = 1
RATE, PITCH = 1, 3  # espeak_PARAMETER
EVENT_END_OF_LIST, EVENT_WORD = 0, 1
BUFFER_MS = 500

EXIT_NO_DATA, EXIT_NO_VOICE, EXIT_TOO_LONG = 3, 4, 5


class Event(ctypes.Structure):
    """``espeak_EVENT`` of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


class Voice(ctypes.Structure):
    """``espeak_VOICE`` of speak_lib.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),  # a priority byte, then the language's name
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when its parent ends. Elsewhere the next write to the closed pipe does."""
    if sys.platform == "linux":
        PR_SET_PDEATHSIG, SIGKILL = 1, 9
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)


def send(kind: bytes, payload: bytes = b"") -> None:
    """Write one frame to stdout: a letter, the payload's length, the payload."""
    rest = memoryview(kind + struct.pack("<I", len(payload)) + payload)
    while rest:
        rest = rest[os.write(1, rest) :]


def load(library: str) -> ctypes.CDLL:
    """Load the library and its data, which lies in the folder where this process was started."""
    speech = ctypes.CDLL(library)
    if speech.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, b".", DONT_EXIT) <= 0:
        os._exit(EXIT_NO_DATA)
    return speech


def list_voices(speech: ctypes.CDLL) -> None:
    """Send one frame for each voice: name, language, identifier and gender, with tabs between."""
    speech.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(Voice))
    for pointer in speech.espeak_ListVoices(None):
        if not pointer:
            break
        voice = pointer.contents
        send(b"V", b"\t".join([voice.name.strip(), voice.languages[1:], voice.identifier, b"%d" % voice.gender]))


def speak(speech: ctypes.CDLL, voice: str, rate: int, pitch: int, most: int) -> None:
    """Speak the sentences on stdin, each a length and UTF-8; end at ``most`` samples."""
    if speech.espeak_SetVoiceByName(voice.encode()) != 0:
        os._exit(EXIT_NO_VOICE)
    speech.espeak_SetParameter(RATE, rate, 0)
    speech.espeak_SetParameter(PITCH, pitch, 0)
    spoken = 0

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))
    def on_samples(samples, count, events):  # type: ignore[no-untyped-def]  # a C callback: typed by the line above
        nonlocal spoken
        marks = []
        for event in events:
            if event.type == EVENT_END_OF_LIST:
                break
            if event.type == EVENT_WORD:
                marks.append(struct.pack("<II", max(event.text_position - 1, 0), max(event.sample, 0)))
        if marks:
            send(b"M", b"".join(marks))
        if samples and count > 0:
            spoken += count
            if spoken > most:
                os._exit(EXIT_TOO_LONG)
            send(b"P", ctypes.string_at(samples, count * 2))
        return 0

    speech.espeak_SetSynthCallback(on_samples)
    text = sys.stdin.buffer.read()
    position = 0
    while position < len(text):
        (length,) = struct.unpack_from("<I", text, position)
        sentence = text[position + 4 : position + 4 + length]
        position += 4 + length
        speech.espeak_Synth(sentence, len(sentence) + 1, 0, POS_CHARACTER, 0, CHARS_UTF8, None, None)
        send(b"E")


def main(arguments: list[str]) -> None:
    parent, library, *rest = arguments
    die_with_parent(int(parent))
    speech = load(library)
    if rest:
        voice, *numbers = rest
        speak(speech, voice, *map(int, numbers))
    else:
        list_voices(speech)


if __name__ == "__main__":
    main(sys.argv[1:])
