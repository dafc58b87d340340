"""What tests know about sound: making some, and measuring it with ffmpeg's own filters instead of ours."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph

from generations.audio.tags import Tags
from generations.speech.base import SpeechRequest
from generations.speech.espeak import Espeak
from generations.text import normalise, split
from generations.voicing import Made, make_voice

TAGS = Tags("A title", "English (Great Britain)", "https://example.org/d/7KX3M9", "en-GB")


def voice_of(
    text: str, *, voice: str = "en-gb", language: str = "en", gain_db: float = 4.0, **more
) -> tuple[Made, bytes]:
    """Make a voice with the built-in engine; return what came out and the MP3."""
    out = io.BytesIO()
    request = SpeechRequest(split(normalise(text), language), voice, more.pop("speed", 1.0), more.pop("pitch", 1.0))
    made = make_voice(Espeak(), request, gain_db=gain_db, tags=TAGS, out=out, **more)
    return made, out.getvalue()


def decode(mp3: bytes) -> tuple[np.ndarray, int]:
    """Return the samples (full scale is 1.0) and Hz, as a player hears them."""
    with av.open(io.BytesIO(mp3), format="mp3") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        return np.concatenate(frames).astype(np.float32), container.streams.audio[0].rate


def ebur128(samples: np.ndarray, rate: int) -> tuple[float, float]:
    """Return integrated loudness in LUFS and true peak in dBTP, by ffmpeg's ebur128."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=rate, layout="mono", format="flt", time_base=Fraction(1, rate))
    meter, sink = graph.add("ebur128", "peak=true:framelog=quiet:metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    loudness, peak = -70.0, 1e-5  # the filter's peaks are linear

    def pull() -> None:
        nonlocal loudness, peak
        while True:
            try:
                metadata = sink.pull().metadata
            except (av.BlockingIOError, av.EOFError):
                return
            loudness = float(metadata.get("lavfi.r128.I", loudness))
            peak = max([peak, *(float(value) for key, value in metadata.items() if "true_peak" in key)])

    for start in range(0, len(samples), rate):
        frame = av.AudioFrame.from_ndarray(samples[start : start + rate].reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate, frame.pts = rate, start
        source.push(frame)
        pull()
    source.push(None)
    pull()
    return loudness, 20 * float(np.log10(peak))
