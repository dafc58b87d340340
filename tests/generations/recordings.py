"""Recordings as people have them: real files of every container, made on the spot."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from django.utils import timezone

from accounts.models import User
from tests.generations.sound import decode, voice_of
from uploads.models import File, Upload
from uploads.storage import new_key, store

# container, codec, content type
CONTAINERS = [
    ("mp3", "libmp3lame", "audio/mpeg"),
    ("wav", "pcm_s16le", "audio/wav"),
    ("wav", "pcm_f32le", "audio/wav"),
    ("mp4", "aac", "audio/mp4"),
    ("ogg", "libopus", "audio/ogg"),
    ("webm", "libopus", "audio/webm"),
    ("flac", "flac", "audio/flac"),
]
RATE = 48_000


@lru_cache(maxsize=1)
def speech() -> np.ndarray:
    """Some eight seconds of a voice, at ``RATE``; full scale is 1.0. Not to be written into."""
    _made, mp3 = voice_of("The path begins at the gate. It follows the stream for a mile, and then it climbs. Look up!")
    samples, rate = decode(mp3)
    at = np.arange(int(len(samples) * RATE / rate)) * rate / RATE
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE), np.float32)


def room(seconds: float, decibels: float = -66.0) -> np.ndarray:
    """What a microphone hears in a quiet room."""
    noise = np.random.default_rng(5).standard_normal(int(seconds * RATE))
    return (noise * 10 ** (decibels / 20)).astype(np.float32)


def recording(
    samples: np.ndarray,
    container: str = "wav",
    codec: str = "pcm_s16le",
    *,
    layout: str = "mono",
    rate: int = RATE,
    options: dict[str, str] | None = None,
    out: Any = None,
) -> bytes:
    """A file that holds these samples; ``options`` are the container's."""
    out = out or io.BytesIO()
    with av.open(out, "w", format=container, options=options or {}) as file:
        stream: Any = file.add_stream(codec, rate=rate)
        stream.layout = layout
        wanted = stream.codec_context
        resampler = AudioResampler(
            format=wanted.format or "fltp", layout=layout, rate=rate, frame_size=wanted.frame_size or 960
        )
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return bytes(out.getvalue())


def browser_recording(samples: np.ndarray) -> bytes:
    """As MediaRecorder writes it: webm as a live stream, without duration and without an index."""
    return recording(samples, "webm", "libopus", options={"live": "1"}, out=_Stream())


def silent_film(seconds: float = 1.0) -> bytes:
    """A video without sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream: Any = file.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _number in range(int(seconds * 10)):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    return out.getvalue()


class _Stream:
    """A file that cannot be gone back in, as a recorder's is."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)

    def getvalue(self) -> bytes:
        return bytes(self.data)


def make_upload(
    owner: User,
    data: bytes | None = None,
    *,
    file_name: str = "A walk.wav",
    content_type: str = "audio/wav",
    scope: str = "audio",
    **fields: Any,
) -> Upload:
    """A completed upload with its object and its file, as if its owner had sent it; by default of a voice."""
    data = recording(speech()) if data is None else data
    key = new_key(scope, file_name.rpartition(".")[2])
    store().put(key, data, content_type)
    values = {
        "status": Upload.Status.COMPLETED,
        "bytes": max(len(data), 1),
        "sha256": hashlib.sha256(data).hexdigest(),
        "duration_ms": 8_000,
        "completed_at": timezone.now(),
        **fields,
    }
    upload = Upload.objects.create(
        owner=owner,
        scope=scope,
        key=key,
        file_name=file_name,
        content_type=content_type,
        max_bytes=100 * 1024**2,
        expires_at=timezone.now(),
        **values,
    )
    if upload.is_completed:
        File.objects.create(
            owner=owner, upload=upload, file_name=file_name, content_type=content_type, bytes=values["bytes"]
        )
    return upload
