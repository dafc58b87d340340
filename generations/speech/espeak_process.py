"""Starting, feeding, hearing and ending ``espeak_child.py``.

The sentences go to its stdin, each as a length (32 bits, little-endian) and UTF-8; then stdin is closed. It answers on
stdout in
frames: a letter, a length, a payload.

- ``P``: 16-bit samples
- ``M``: words that begin in the samples that follow, pairs of 32-bit numbers: characters and samples from the
  sentence's start
- ``E``: the sentence has ended
- ``V``: a voice, when the catalogue was asked for
"""

from __future__ import annotations

import logging
import os
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import espeakng_loader
from django.utils.translation import gettext as _

from generations.speech import espeak_child
from generations.speech.base import ENGINE_REJECTED, ENGINE_UNAVAILABLE, TIMEOUT, EngineError

logger = logging.getLogger(__name__)

HEARTBEAT = 0.5  # seconds
SILENT_FOR = 20.0  # seconds without a word from the child: it hangs
_CHUNK = 1 << 16

Frame = tuple[bytes, bytes]
NOTHING: Frame = (b"", b"")


@contextmanager
def child(arguments: list[str], text: bytes = b"") -> Iterator[Iterator[Frame]]:
    """Start a child and yield its frames, ``NOTHING`` whenever half a second passes without one. Leaving the block
    kills it.

    Args:
        arguments: voice file, rate, pitch and most samples; none to ask for the catalogue.
        text: what goes to its stdin.

    Raises:
        EngineError: it cannot be started, crashed, hangs, or found no data, no voice or no end.
    """
    library = Path(espeakng_loader.get_library_path())
    command = [sys.executable, "-I", "-S", espeak_child.__file__, str(os.getpid()), str(library), *arguments]
    try:
        process = subprocess.Popen(  # noqa: S603  # our own program; the arguments are table entries and numbers
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # The library copies the path of its data into a fixed buffer and fails beyond some 140 bytes. So the child
            # starts where the data is and calls it ".", however deep that may be.
            cwd=Path(espeakng_loader.get_data_path()).parent,
            env={"LC_ALL": "C.UTF-8"},  # without ours, which holds secrets
        )
    except OSError as error:
        logger.exception("the speech process could not be started")
        raise EngineError(ENGINE_UNAVAILABLE) from error
    try:
        yield _frames(process, text)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _frames(process: subprocess.Popen[bytes], text: bytes) -> Iterator[Frame]:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:  # cannot be: both were asked for
        raise EngineError(ENGINE_UNAVAILABLE)
    rest = memoryview(text)
    received = bytearray()
    heard = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        os.set_blocking(stdin.fileno(), False)
        selector.register(stdin, selectors.EVENT_WRITE)
        while True:
            ready = [key.fileobj for key, _events in selector.select(HEARTBEAT)]
            if not ready:
                if time.monotonic() - heard > SILENT_FOR:
                    raise EngineError(TIMEOUT)
                yield NOTHING
            if stdin in ready:
                rest = _feed(stdin.fileno(), rest)
                if not rest:
                    selector.unregister(stdin)
                    stdin.close()
            if stdout in ready:
                data = os.read(stdout.fileno(), _CHUNK)
                if not data:
                    break
                heard = time.monotonic()
                received += data
                yield from _whole_frames(received)
    _check_end(process)


def _feed(pipe: int, rest: memoryview) -> memoryview:
    """Write what the pipe takes; return what is left. A child that has ended takes all: its exit code says why."""
    try:
        return rest[os.write(pipe, rest[:_CHUNK]) :] if rest else rest
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[:0]


def _whole_frames(received: bytearray) -> Iterator[Frame]:
    """Take the whole frames out of what was received."""
    position = 0
    while position + 5 <= len(received):
        (length,) = struct.unpack_from("<I", received, position + 1)
        end = position + 5 + length
        if end > len(received):
            break
        yield bytes(received[position : position + 1]), bytes(received[position + 5 : end])
        position = end
    del received[:position]


def _check_end(process: subprocess.Popen[bytes]) -> None:
    try:
        code = process.wait(SILENT_FOR)
    except subprocess.TimeoutExpired:
        raise EngineError(TIMEOUT) from None
    if code == 0:
        return
    if code == espeak_child.EXIT_TOO_LONG:
        message = _("This voice would speak the text for far too long. Pick a voice for the text's own language.")
        raise EngineError(ENGINE_REJECTED, message, permanent=True)
    logger.warning("the speech process ended with code %d", code)
    raise EngineError(ENGINE_UNAVAILABLE, permanent=code == espeak_child.EXIT_NO_VOICE)
