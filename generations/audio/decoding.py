"""Starting, hearing and ending ``decode_child.py``: a file of any container in, mono samples out."""

from __future__ import annotations

import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from generations.audio import decode_child
from generations.audio.loudness import Samples

logger = logging.getLogger(__name__)

HEARTBEAT = 0.5  # seconds
SILENT_FOR = 30.0  # seconds without a sample from the child: it hangs
_PIECE = 1 << 18  # bytes: a second and a half
_LOUDEST = 4.0  # files of floats may hold anything; 12 dB above full scale is more than any real one has


class DecodingError(Exception):
    """The file could not be decoded."""

    permanent = True  # the same file again ends the same way


class NoSound(DecodingError):
    """It holds no sound that can be decoded."""


class TooLong(DecodingError):
    """There is more sound in it than was allowed."""


class DecoderStuck(DecodingError):
    """The decoder was silent for too long."""

    permanent = False


class DecoderLost(DecodingError):
    """The decoder's process could not be started, or was killed from outside."""

    permanent = False


@contextmanager
def decoded(source: BinaryIO, *, sample_rate: int, most_seconds: float) -> Iterator[Iterator[Samples]]:
    """Decode a file from its beginning. Leaving the block kills the decoder.

    The samples come in pieces of at most some seconds, finite and within ±4 (full scale is 1.0); an empty piece
    whenever half a second passes without one. Reading them raises ``DecodingError``.

    Args:
        source: a real, seekable file. Its position is the decoder's while the block lasts, which tells how far it is.
        sample_rate: Hz of the samples, whatever the file has.
        most_seconds: of sound; a file that has more ends with ``TooLong``.
    """
    command = [sys.executable, "-I", decode_child.__file__, str(os.getpid())]
    command += [str(sample_rate), str(int(most_seconds * sample_rate))]
    try:
        process = subprocess.Popen(  # noqa: S603  # our own program; the arguments are numbers
            command,
            stdin=source.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},  # without ours, which holds secrets
        )
    except OSError as error:
        logger.exception("the decoder could not be started")
        raise DecoderLost from error
    try:
        yield _pieces(process)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _pieces(process: subprocess.Popen[bytes]) -> Iterator[Samples]:
    stdout = process.stdout
    if stdout is None:  # cannot be: it was asked for
        raise DecoderLost
    heard = time.monotonic()
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(HEARTBEAT):
                if time.monotonic() - heard > SILENT_FOR:
                    raise DecoderStuck
                yield np.zeros(0, np.float32)
                continue
            data = os.read(stdout.fileno(), _PIECE)
            if not data:
                break
            heard = time.monotonic()
            data = rest + data
            whole = len(data) // 4 * 4
            rest = data[whole:]
            samples = np.frombuffer(data[:whole], np.float32)
            yield np.nan_to_num(samples, posinf=_LOUDEST, neginf=-_LOUDEST).clip(-_LOUDEST, _LOUDEST)
    _check_end(process)


def _check_end(process: subprocess.Popen[bytes]) -> None:
    try:
        code = process.wait(SILENT_FOR)
    except subprocess.TimeoutExpired:
        raise DecoderStuck from None
    if code == 0:
        return
    if code == decode_child.EXIT_TOO_LONG:
        raise TooLong
    if code == -signal.SIGKILL:
        raise DecoderLost
    if code != decode_child.EXIT_NO_SOUND:  # the file has brought it down
        logger.warning("the decoder ended with code %d", code)
    raise NoSound
