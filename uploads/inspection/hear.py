"""The process that hears a sound for its waveform: ``python -m uploads.inspection.hear <type> <parent>``.

The file of a stranger comes on stdin; mono samples, 16-bit and ``RATE`` a second, go out on stdout until it ends. It is
a process of its own for the same reasons as ``child.py``.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO, cast

import av

from uploads.inspection.child import limit_myself
from uploads.inspection.findings import Wrong
from uploads.inspection.sound import opened

RATE = 8000  # Hz; enough to see where it is loud
_WORKING_SECONDS = 240  # three hours of MP3 take some 15
_MOST_SAMPLES = 24 * 3600 * RATE  # of a file that goes on and on, the first day


def hear(file: BinaryIO, content_type: str, out: BinaryIO) -> None:
    """Write the samples of a sound; those that cannot be decoded are left out."""
    written = 0
    with opened(file, content_type) as container:
        if not container.streams.audio:
            raise Wrong("no_sound")
        resampler, shape = _resampler(), None
        for packet in container.demux(container.streams.audio[0]):
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                continue  # a scratch
            for frame in frames:
                # A stream may change on its way, from mono to stereo for example.
                if shape != (shape := (frame.format.name, frame.layout.name, frame.sample_rate)):
                    resampler = _resampler()
                frame.pts = None  # times are what the samples say
                for piece in resampler.resample(frame):
                    out.write(memoryview(piece.planes[0])[: piece.samples * 2])
                    written += piece.samples
            if written > _MOST_SAMPLES:
                return


def _resampler() -> av.AudioResampler:
    return av.AudioResampler(format="s16", layout="mono", rate=RATE)


def main() -> int:
    limit_myself(int(sys.argv[2]), _WORKING_SECONDS)
    file = cast(BinaryIO, os.fdopen(0, "rb", closefd=False))
    try:
        hear(file, sys.argv[1], sys.stdout.buffer)
    except (av.FFmpegError, Wrong, ValueError, MemoryError):
        # Cut off: what came until here is drawn. Nothing at all: there is nothing to draw.
        return 0
    finally:
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
