"""Writing an MP3 while its sound is made.

One LAME encoder keeps one processor busy for longer than the voice needs to speak. So the sound is cut where it is
digitally silent for a while (between sentences), and two encoders work side by side. Nothing of it is heard, and the
timing stays exact:

- a piece is a whole number of frames long, and ends with more silence than an encoder's delay. The frames that the
  encoder has to add at its end hold only silence, and are dropped;
- a fresh encoder's first frame never reaches back into frames before it, and both sides of a cut are silent, so the
  overlap is too.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO

import lameenc
import numpy as np
from numpy.typing import NDArray

from generations.audio.frames import DECODER_DELAY, ENCODER_DELAY, FrameCounter, info_frame
from generations.audio.leveller import Leveller
from generations.audio.limiter import Reach
from generations.audio.tags import Tags, render
from micdots.lib.waveform import Waveform

BIT_RATE = 128  # kbit/s
# LAME's 0 (best) to 9. 3 sounds the same at this bit rate and takes a tenth longer, 2 takes twice as long.
QUALITY = 5
# LAME turns its input down by this, against clipping, which the limiter has already seen to; lameenc cannot switch it
# off.
_LAME_SCALE = 0.95
_ENCODERS = 2
_PIECE = 4.0  # seconds that a piece has at least
_LONGEST_PIECE = 20.0  # seconds; a sentence without a pause goes on in the same encoder


class Mp3Writer:
    """Turns 16-bit mono samples into one MP3 of even loudness. Memory does not grow with the sound.

    Use as a context manager: leaving it early ends the encoders. ``finish`` completes the file.
    """

    def __init__(
        self, out: BinaryIO, *, sample_rate: int, gain_db: float, tags: Tags, steady: Reach | None = None
    ) -> None:
        """Begin a file.

        Args:
            out: empty, seekable, binary.
            sample_rate: Hz, one that MP3 has: 16,000, 22,050, 24,000, 32,000, 44,100 or 48,000.
            gain_db, steady: see ``Leveller``.
            tags: written first.
        """
        self.samples = 0  # taken so far
        self.waveform = Waveform()
        self._out = out
        self.sample_rate = sample_rate
        self._frame_samples = 1152 if sample_rate >= 32_000 else 576
        # Frames of silence before a cut: longer than what the encoder delays the sound by, plus one for its overlap.
        self._silent_frames = 2 + (ENCODER_DELAY + DECODER_DELAY) // self._frame_samples + 1
        self._leveller = Leveller(sample_rate, gain_db, scale=1 / _LAME_SCALE, steady=steady)
        self._tags = render(tags)
        self._pending = np.zeros(0, np.int16)
        self._encoder: lameenc.Encoder | None = None
        self._encoder_samples = 0  # what the encoder at work has been given
        self._pool = ThreadPoolExecutor(_ENCODERS, thread_name_prefix="mp3")
        self._jobs: deque[_Job] = deque()
        self._counter = FrameCounter()
        self._frames_of_encoder = 0
        self._frames = 0
        self._audio_bytes = 0
        self._first_frame = b""

    def __enter__(self) -> Mp3Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def loudness(self) -> float | None:
        """LUFS of what was encoded so far; None where too short to tell."""
        return self._leveller.meter.integrated()

    @property
    def gain_db(self) -> float:
        """The gain at work."""
        return self._leveller.gain_db

    def write(self, samples: NDArray[np.int16]) -> None:
        """Take samples. Blocks while the encoders are behind."""
        self.samples += len(samples)
        for level in self._leveller.add(samples):
            self._take(level)

    def silence(self, seconds: float) -> float:
        """Write silence; return the seconds that it takes exactly."""
        samples = round(seconds * self.sample_rate)
        for start in range(0, samples, self.sample_rate):
            self.write(np.zeros(min(self.sample_rate, samples - start), np.int16))
        return samples / self.sample_rate

    def finish(self) -> int:
        """Complete the file, go back to its beginning, and return its size in bytes."""
        for level in self._leveller.finish():
            self._take(level)
        self._encode(self._pending, last=True)
        self._pending = self._pending[:0]
        while self._jobs:
            self._write_oldest()
        header = info_frame(self._first_frame, frames=self._frames, audio_bytes=self._audio_bytes, samples=self.samples)
        self._out.seek(0)
        self._out.write(self._tags + header)
        self._out.seek(0)
        return len(self._tags) + len(header) + self._audio_bytes

    def _take(self, level: NDArray[np.int16]) -> None:
        self.waveform.add(level)
        self._pending = np.concatenate([self._pending, level])
        while (cut := self._find_cut()) or len(self._pending) >= _LONGEST_PIECE * self.sample_rate:
            if cut:
                piece, self._pending = self._pending[:cut], self._pending[cut:]
                self._encode(piece, last=True, cut=True)
            else:
                whole = len(self._pending) // self._frame_samples * self._frame_samples
                piece, self._pending = self._pending[:whole], self._pending[whole:]
                self._encode(piece, last=False)

    def _find_cut(self) -> int:
        """Return where the first piece of enough length may end, in samples; 0 where it may not."""
        size = self._frame_samples
        frames = len(self._pending) // size
        first = int(_PIECE * self.sample_rate / size)
        if frames < first + self._silent_frames:
            return 0
        silent = ~self._pending[first * size : frames * size].reshape(-1, size).any(axis=1)
        runs = np.convolve(silent, np.ones(self._silent_frames, int), mode="valid") == self._silent_frames
        return int(first + self._silent_frames + runs.argmax()) * size if runs.any() else 0

    def _encode(self, piece: NDArray[np.int16], *, last: bool, cut: bool = False) -> None:
        """Hand a piece to an encoder thread.

        Args:
            piece: samples.
            last: the encoder's last piece.
            cut: more pieces follow in another encoder, so only the frames that were paid with samples count.
        """
        encoder = self._encoder or self._new_encoder()
        # Pieces of one encoder go one after the other: a job waits for the one before it, which began earlier.
        before = self._jobs[-1].data if self._jobs and self._encoder else None
        self._encoder_samples += len(piece)
        keep = self._encoder_samples // self._frame_samples if cut else None
        self._jobs.append(_Job(self._pool.submit(_run, encoder, piece.tobytes(), last, before), last, keep))
        self._encoder = None if last else encoder
        if last:
            self._encoder_samples = 0
        while len(self._jobs) > 2 * _ENCODERS:
            self._write_oldest()

    def _new_encoder(self) -> lameenc.Encoder:
        encoder = lameenc.Encoder()
        encoder.set_channels(1)
        encoder.set_in_sample_rate(self.sample_rate)
        encoder.set_bit_rate(BIT_RATE)
        encoder.set_quality(QUALITY)
        encoder.silence()
        return encoder

    def _write_oldest(self) -> None:
        job = self._jobs.popleft()
        data, sizes = self._counter.add(job.data.result())
        if job.keep is not None:
            sizes = sizes[: job.keep - self._frames_of_encoder]
            data = data[: sum(sizes)]
        self._frames_of_encoder = 0 if job.last else self._frames_of_encoder + len(sizes)
        if data and not self._first_frame:
            self._first_frame = data[:4]
            # Room for the tags and the length header, which is as long as the first frame.
            self._out.write(self._tags + bytes(sizes[0]))
        self._frames += len(sizes)
        self._audio_bytes += len(data)
        self._out.write(data)


@dataclass(frozen=True)
class _Job:
    """A piece at an encoder."""

    data: Future[bytes]
    last: bool  # the encoder's last piece
    keep: int | None  # frames of this encoder that count, all its pieces together; None: all


def _run(encoder: lameenc.Encoder, pcm: bytes, last: bool, before: Future[bytes] | None) -> bytes:
    if before is not None:
        before.result()
    data = bytes(encoder.encode(pcm))
    return data + bytes(encoder.flush()) if last else data
