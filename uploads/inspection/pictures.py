"""PNG and JPEG, opened with limits and decoded once."""

from __future__ import annotations

import struct
import warnings
from typing import BinaryIO

from PIL import Image

from uploads.inspection.findings import Found, Wrong

MAX_PIXELS = 100_000_000
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}
_STARTS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def look(file: BinaryIO, content_type: str) -> Found:
    start = _STARTS[content_type]
    if file.read(len(start)) != start:
        raise Wrong("other_type")
    if content_type == "image/png":
        _check_png_ends(file)
    file.seek(0)
    Image.MAX_IMAGE_PIXELS = None  # our own limit answers with a sentence; theirs warns first
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The header alone is read here; nothing is unpacked before the size is known.
            with Image.open(file, formats=[_FORMATS[content_type]]) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Wrong("too_many_pixels")
                image.load()
    except Wrong:
        raise
    except Exception:  # whatever a picture can break in the library, it is the picture that is broken
        raise Wrong("broken") from None
    return Found()


def _check_png_ends(file: BinaryIO) -> None:
    """Behind its last chunk a PNG is over; what stands there belongs to something else."""
    file.seek(8)
    while True:
        header = file.read(8)
        if len(header) < 8:
            raise Wrong("broken")
        length, kind = struct.unpack(">I4s", header)
        file.seek(length + 4, 1)
        if kind == b"IEND":
            break
    if file.read(64 * 1024).strip(b"\0\r\n\t "):
        raise Wrong("two_types")
