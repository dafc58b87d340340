"""Sound and video: begun as its type begins, decoded, and its length counted from what came out.

What a file says of its own length is never believed: recordings of browsers say nothing, truncated files say too much.
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import BinaryIO

import av
from av.container import InputContainer

from uploads.inspection import mpeg
from uploads.inspection.findings import Found, Wrong

# The one reader for each type. It is named, so that nothing else is tried: a playlist would open the files it names.
_READERS = {
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/mp4": "mov",
    "audio/ogg": "ogg",
    "audio/webm": "matroska",
    "audio/flac": "flac",
    "video/mp4": "mov",
    "video/webm": "matroska",
}
_WEBM_CODECS = {"opus", "vorbis", "vp8", "vp9", "av1"}
# Time at work for decoding. What is left of a long file is then counted by the lengths of its packets.
_DECODE_SECONDS = 20.0
# A file with a scratch is heard around it. One that is mostly noise to its decoder is no sound.
_MOST_BROKEN = 0.5
_HEAD = 4096


def look(file: BinaryIO, content_type: str) -> Found:
    _check_start(file, content_type)
    with opened(file, content_type) as container:
        return _look_into(container, content_type)


def opened(file: BinaryIO, content_type: str) -> InputContainer:
    """The file, to be decoded. Raises Wrong where it is none of its type."""
    file.seek(0)
    try:
        return av.open(
            file,
            mode="r",
            format=_READERS[content_type],
            # Nothing that a file names is opened: there is no protocol that could.
            options={"protocol_whitelist": "", "format_whitelist": _READERS[content_type]},
            metadata_errors="replace",
        )
    except (av.FFmpegError, ValueError, OSError):
        raise Wrong("broken") from None


def _look_into(container: InputContainer, content_type: str) -> Found:
    video = [stream for stream in container.streams.video if not _is_cover(stream)]
    if content_type.startswith("audio/") and video:
        raise Wrong("pictures_in_sound")
    if content_type.startswith("video/"):
        if not video:
            raise Wrong("other_type")
        _decode_one_picture(container, video[0])
    if not container.streams.audio:
        raise Wrong("no_sound")
    sound = container.streams.audio[0]
    if content_type.endswith("/webm") and any(
        stream.codec_context.name.removeprefix("lib") not in _WEBM_CODECS
        for stream in (*container.streams.audio, *video)
        if stream.codec_context
    ):
        raise Wrong("other_type")  # Matroska with anything else in it
    seconds = _count(container, sound)
    if not seconds:
        raise Wrong("no_sound")
    return Found(duration_ms=max(1, round(seconds * 1000)))


def _is_cover(stream: av.VideoStream) -> bool:
    """A picture of the cover, which players show while the sound goes on."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _decode_one_picture(container: InputContainer, stream: av.VideoStream) -> None:
    try:
        if next(container.decode(stream), None) is None:
            raise Wrong("broken")
        container.seek(0)
    except (av.FFmpegError, ValueError):
        raise Wrong("broken") from None


def _count(container: InputContainer, stream: av.AudioStream) -> Fraction:
    """Seconds of sound in a stream."""
    started = time.process_time()
    seconds = Fraction(0)
    good = broken = 0
    decoding = True
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except (av.FFmpegError, ValueError):
            break  # the file is cut off; what came until here counts
        if not decoding:
            if packet.duration and packet.time_base:
                seconds += packet.duration * packet.time_base
            continue
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            broken += 1
            continue
        for frame in frames:
            if frame.sample_rate:
                good += 1
                seconds += Fraction(frame.samples, frame.sample_rate)
        decoding = time.process_time() - started < _DECODE_SECONDS
    if broken > _MOST_BROKEN * (good + broken):
        raise Wrong("broken")
    return seconds


def _check_start(file: BinaryIO, content_type: str) -> None:
    head = file.read(_HEAD)
    match content_type:
        case "audio/mpeg":
            mpeg.check(file)
            fits = True
        case "audio/wav":
            fits = head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE"
        case "audio/mp4" | "video/mp4":
            # A QuickTime film begins the same way and says so in its brand.
            fits = head[4:8] == b"ftyp" and head[8:12] != b"qt  "
        case "audio/ogg":
            fits = head[:4] == b"OggS"
        case "audio/flac":
            fits = head[:4] == b"fLaC"
        case _:
            fits = head[:4] == b"\x1a\x45\xdf\xa3" and (b"webm" in head[:256] or b"matroska" in head[:256])
    if not fits:
        raise Wrong("other_type")
