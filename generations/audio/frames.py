"""MPEG audio frames: finding them, and the first one that tells players how long the file is.

Layout of a frame's header: ISO/IEC 11172-3 and 13818-3; of the "Info" frame: the LAME tag, as LAME and every player
knows it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_BITRATES = {  # kbit/s of layer III by the header's four bits
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),  # MPEG 1
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),  # MPEG 2 and 2.5
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # Hz by version bits

ENCODER_DELAY = 576  # samples that LAME puts before the first
DECODER_DELAY = 529  # samples that every decoder adds to it
_TOC_ENTRIES = 100


@dataclass(frozen=True)
class FrameHeader:
    """What four bytes say of a layer III frame."""

    size: int  # bytes, header included
    samples: int  # 1152 or 576
    sample_rate: int  # Hz
    side_information: int  # bytes between the header and the main data, CRC not counted
    mono: bool

    @classmethod
    def read(cls, data: bytes | bytearray | memoryview, position: int = 0) -> FrameHeader:
        """Raises ValueError where no layer III frame begins at ``position``."""
        (word,) = struct.unpack_from(">I", data, position)
        version, layer = word >> 19 & 3, word >> 17 & 3
        bitrate_index, rate_index = word >> 12 & 15, word >> 10 & 3
        if word >> 21 != 0x7FF or version == 1 or layer != 1 or rate_index == 3 or bitrate_index in (0, 15):
            raise ValueError("no MPEG audio layer III frame")
        first = version == 3
        rate = _RATES[version][rate_index]
        samples = 1152 if first else 576
        size = samples // 8 * _BITRATES[first][bitrate_index] * 1000 // rate + (word >> 9 & 1)
        mono = word >> 6 & 3 == 3
        return cls(size, samples, rate, (17 if mono else 32) if first else (9 if mono else 17), mono)


class FrameCounter:
    """Finds whole frames of a constant bit rate in a stream of bytes that may end in the middle of one."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self._unpadded = 0  # bytes of a frame without the padding byte; 0 before the first

    def add(self, data: bytes | bytearray) -> tuple[bytes, list[int]]:
        """Return all whole frames as one string, and their sizes. Raises ValueError for what is no frame."""
        buffer = self._partial
        buffer += data
        if not self._unpadded and len(buffer) >= 4:
            self._unpadded = FrameHeader.read(buffer).size - (buffer[2] >> 1 & 1)
        unpadded, end = self._unpadded, len(buffer) - 4
        sizes: list[int] = []
        position = 0
        # A short loop: a long recording has hundreds of thousands of frames.
        while position <= end:
            if buffer[position] != 0xFF:
                raise ValueError("no MPEG audio frame where one should begin")
            size = unpadded + (buffer[position + 2] >> 1 & 1)
            if position + size > end + 4:
                break
            sizes.append(size)
            position += size
        whole = bytes(buffer[:position])
        del buffer[:position]
        return whole, sizes


def info_frame(first: bytes, *, frames: int, audio_bytes: int, samples: int) -> bytes:
    """Return the frame that goes before all others: how many there are, and what to cut off at both ends.

    Args:
        first: the header of the first audio frame; this one looks alike and plays as silence in players that do not
            know it.
        frames, audio_bytes: of the audio that follows, this frame not counted.
        samples: of the sound itself; what the frames have more is the encoder's delay and padding.
    """
    header = FrameHeader.read(first)
    frame = bytearray(header.size)
    frame[:4] = first[:4]
    frame[1] |= 1  # no CRC
    position = 4 + header.side_information
    total = audio_bytes + header.size
    # Constant bit rate: the table of contents is a straight line.
    contents = bytes(min(255, 256 * percent // _TOC_ENTRIES) for percent in range(_TOC_ENTRIES))
    struct.pack_into(">4sIII", frame, position, b"Info", 0b0111, frames, total)
    frame[position + 16 : position + 16 + _TOC_ENTRIES] = contents
    lame = position + 16 + _TOC_ENTRIES
    padding = max(0, frames * header.samples - samples - ENCODER_DELAY)
    struct.pack_into(">9s", frame, lame, b"LAME3.100")
    delays = min(ENCODER_DELAY, 0xFFF) << 12 | min(padding, 0xFFF)
    frame[lame + 21 : lame + 24] = delays.to_bytes(3, "big")
    return bytes(frame)
