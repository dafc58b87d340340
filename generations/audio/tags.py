"""What an MP3 says about itself (ID3v2.3, https://id3.org/id3v2.3.0), and giving a finished one other tags."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import BinaryIO

from generations.speech.languages import iso639_2

# Machine-readable marks that nobody recorded this voice: a plain one, and the term that IPTC uses in pictures and
# videos too (https://cv.iptc.org/newscodes/digitalsourcetype/).
SYNTHETIC_KEY = "SyntheticVoice"
SOURCE_KEY = "DigitalSourceType"
SOURCE_PREFIX = "http://cv.iptc.org/newscodes/digitalsourcetype/"

_LATIN, _UTF16 = b"\x00", b"\x01"  # encodings; the second is the only one of ID3v2.3 that holds every script


@dataclass(frozen=True)
class Tags:
    """The tags of one MP3. Empty ones are left out."""

    title: str
    artist: str = ""  # the voice's label, or who spoke
    comment: str = ""  # the address of the play page
    language: str = ""  # BCP 47
    synthetic: bool = True  # spoken by a machine; then the file says so to people and programs
    source: str = "algorithmicMedia"  # IPTC's word for how a synthetic voice came about


def render(tags: Tags) -> bytes:
    """Return the ID3v2.3 block that goes at the beginning of the file."""
    frames = [_frame("TIT2", _UTF16, _utf16(tags.title))]
    if tags.artist:
        frames.append(_frame("TPE1", _UTF16, _utf16(tags.artist)))
    if tags.comment:
        # XXX: of no language in particular. An empty description stands before the text.
        frames.append(_frame("COMM", _UTF16, b"XXX", _utf16("", end=True), _utf16(tags.comment)))
        frames.append(_frame("WOAF", tags.comment.encode("latin-1", "replace")))
    if tags.language:
        frames.append(_frame("TLAN", _LATIN, iso639_2(tags.language).encode("ascii")))
    if tags.synthetic:
        frames.append(_marked(SYNTHETIC_KEY, "true"))
        frames.append(_marked(SOURCE_KEY, SOURCE_PREFIX + tags.source))
    frames.append(_frame("TSSE", _UTF16, _utf16("MicDots")))
    body = b"".join(frames)
    # The size of the whole is written in four times seven bits, so that no byte of it looks like sound.
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def _frame(name: str, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return name.encode("ascii") + len(content).to_bytes(4, "big") + b"\x00\x00" + content


def _marked(key: str, value: str) -> bytes:
    """A frame for what the standard has no name for."""
    return _frame("TXXX", _UTF16, _utf16(key, end=True), _utf16(value))


def _utf16(text: str, *, end: bool = False) -> bytes:
    """Text with the mark of its byte order; with ``end`` also the zero that separates it from what follows."""
    return b"\xff\xfe" + text.encode("utf-16-le") + (b"\x00\x00" if end else b"")


def retag(source: BinaryIO, target: BinaryIO, tags: Tags) -> int:
    """Copy an MP3 that MicDots made, with other tags. The encoded sound, the length header and the timing stay as they
    are.

    Args:
        source: the file from its beginning; need not be seekable.
        target: where the copy goes; written from its current position.
        tags: of the copy; nothing of the old ones is kept.

    Returns:
        The copy's size in bytes.

    Raises:
        ValueError: ``source`` ends within its own tags.
    """
    block = render(tags)
    target.write(block)
    head = _read(source, 10)
    counter = _Counting(target)
    if head[:3] == b"ID3" and len(head) == 10:
        # The size is written in four times seven bits, without the header of ten bytes.
        left = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        while left:
            skipped = source.read(min(left, 1 << 16))
            if not skipped:
                raise ValueError("the source ends within its tags")
            left -= len(skipped)
    else:
        counter.write(head)
    shutil.copyfileobj(source, counter, 1 << 16)
    return len(block) + counter.written


class _Counting:
    """A writer that counts."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.written = 0

    def write(self, data: bytes) -> int:
        self._target.write(data)
        self.written += len(data)
        return len(data)


def _read(source: BinaryIO, size: int) -> bytes:
    """Read ``size`` bytes, or as many as there are: a stream may hand over less at a time."""
    data = b""
    while len(data) < size and (more := source.read(size - len(data))):
        data += more
    return data
