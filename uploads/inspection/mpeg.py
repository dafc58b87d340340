"""MP3 by its frames: ISO/IEC 11172-3, section 2.4.2.3, and ISO/IEC 13818-3 for the lower sampling rates.

An MP3 has no header of its own, so nearly anything can be taken for one, and anything can be hung on one. Every frame
says how long it is and thus where the next one begins; walking along them shows what is sound and what is not.
"""

from __future__ import annotations

import os
from typing import BinaryIO

from uploads.inspection.findings import Wrong

_BUFFER = 1024 * 1024
_LEAST_FRAMES = 2
# Bytes that belong to no frame and no tag: remains of cutting and joining are common, and small.
_MOST_OTHER = 0.05
_FREE_OTHER = 8 * 1024
_BITRATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits
_FOREIGN = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"%PDF-",
    b"<html",
    b"<script",
    b"<!doctype",
    b"<?php",
    b"<body",
    b"MZ\x90\x00",
)


def check(file: BinaryIO) -> None:
    """Raises Wrong for what is not a run of MP3 frames with, at most, tags around it."""
    size = file.seek(0, os.SEEK_END)
    position = _behind_tags(file)
    start = position
    frames = other = 0
    buffer, base = b"", position
    while position < size:
        if position + 4 > base + len(buffer):
            file.seek(position)
            buffer, base = file.read(_BUFFER), position
            if len(buffer) < 4:
                break
        place = position - base
        length = frame_length(buffer[place : place + 4])
        if length:
            # The very last frame may be cut off: that is a truncated file, not another type.
            frames += 1
            position += length
            continue
        if frames == 0 and buffer[place] != 0:
            raise Wrong("other_type")  # but for zeros, sound is the first thing that comes
        tag = _tag_length(buffer[place : place + 32])
        if tag:
            position += tag
            continue
        # What is no frame: on to where the next may be.
        step = _to_next(buffer, place)
        if any(
            word in buffer[place : place + step].lower() or word in buffer[place : place + step] for word in _FOREIGN
        ):
            raise Wrong("two_types")
        if buffer[place : place + step].strip(b"\0"):
            other += step
        position += step
    if frames < _LEAST_FRAMES:
        raise Wrong("other_type")
    if other > max(_FREE_OTHER, (size - start) * _MOST_OTHER):
        raise Wrong("other_type")


def frame_length(header: bytes) -> int:
    """How many bytes a layer III frame with these first four has; 0 where they are no header."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3 or header[3] & 3 == 2:
        return 0
    kilobits = (_BITRATES_1 if version == 3 else _BITRATES_2)[bitrate]
    return (144 if version == 3 else 72) * kilobits * 1000 // _RATES[version][rate] + (header[2] >> 1 & 1)


def _behind_tags(file: BinaryIO) -> int:
    """Where the ID3v2 tags at the start end (id3.org, ID3v2.4.0, section 3.1)."""
    position = 0
    while True:
        file.seek(position)
        length = _tag_length(file.read(32))
        if not length:
            return position
        position += length


def _tag_length(head: bytes) -> int:
    """The length of a tag that begins here; 0 where none does."""
    if head[:3] == b"ID3" and len(head) >= 10 and not any(byte & 0x80 for byte in head[6:10]):
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if head[:3] == b"TAG":
        return 128
    if head[:8] == b"APETAGEX" and len(head) >= 24:
        # The size is without the header and with the footer; a footer read alone has nothing of it left to skip.
        size = int.from_bytes(head[12:16], "little")
        return 32 if len(head) < 32 or not head[23] & 0x20 else 32 + min(size, 1 << 28)
    return 0


def _to_next(buffer: bytes, place: int) -> int:
    """How far it is to the next byte at which a frame or a tag may begin."""
    found = [at for mark in (b"\xff", b"TAG", b"ID3", b"APETAGEX") if (at := buffer.find(mark, place + 1)) > 0]
    return (min(found) if found else len(buffer)) - place
