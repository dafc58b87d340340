"""Asking a clamd whether there is a virus in a file (``CLAMD_URL``), by its INSTREAM command.

The protocol is in clamd(8): ``zINSTREAM\\0``, then chunks, each behind its length in four bytes (network order), then a
length of zero; the answer is ``stream: OK``, ``stream: <name> FOUND`` or ``… ERROR``, ended by a null byte.
"""

from __future__ import annotations

import logging
import socket
import struct
import time
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from micdots.lib.errors import ServiceUnavailable

logger = logging.getLogger(__name__)

_CHUNK = 64 * 1024
_MOST_ANSWER = 4096


class ScannerUnavailable(ServiceUnavailable):
    """Nothing is taken that was not scanned where scanning is on."""

    default_message = _("Files cannot be checked for viruses at the moment. Please try again in a few minutes.")


def scan(file: BinaryIO) -> str | None:
    """Send the rest of a file to clamd. Returns the name of what was found, or None.

    clamd's own ``StreamMaxLength`` has to be at least as large as the largest upload, or it refuses those.

    Raises:
        ScannerUnavailable: it cannot be reached, did not answer in time, or could not scan.
    """
    deadline = time.monotonic() + settings.CLAMD_TIMEOUT_SECONDS
    try:
        with _connect(settings.CLAMD_URL, settings.CLAMD_TIMEOUT_SECONDS) as connection:
            try:
                connection.sendall(b"zINSTREAM\0")
                while chunk := file.read(_CHUNK):
                    connection.sendall(struct.pack("!I", len(chunk)) + chunk)
                    if time.monotonic() > deadline:
                        raise TimeoutError
                connection.sendall(struct.pack("!I", 0))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it hangs up on what is larger than it takes, after it has said so
            answer = _answer(connection)
    except (OSError, ValueError) as error:
        logger.warning("clamd did not answer: %s", type(error).__name__)
        raise ScannerUnavailable from error
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    if answer != "stream: OK":
        logger.warning("clamd could not scan: %s", answer[:200])
        raise ScannerUnavailable
    return None


def _connect(url: str, timeout: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(parts.path)
        except BaseException:
            connection.close()
            raise
        return connection
    if parts.scheme == "tcp" and parts.hostname:
        return socket.create_connection((parts.hostname, parts.port or 3310), timeout=timeout)
    raise ValueError("CLAMD_URL is tcp://host:port or unix:///path")


def _answer(connection: socket.socket) -> str:
    received = b""
    while b"\0" not in received and len(received) < _MOST_ANSWER:
        part = connection.recv(_MOST_ANSWER)
        if not part:
            break
        received += part
    return received.partition(b"\0")[0].decode("utf-8", "replace").strip()
