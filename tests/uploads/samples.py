"""Files of every type that MicDots takes, and files that only say they are; all made on the spot."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache
from typing import Any

import av
import numpy as np
from PIL import Image

from tests.generations.recordings import RATE, browser_recording, recording

SECONDS = 1.5
_OOXML = "application/vnd.openxmlformats-officedocument."
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z" fill="#123"/></svg>'
TEXT = "Zeile eins, Größe\nline two\n".encode()


def tone(seconds: float = SECONDS) -> np.ndarray:
    return (0.3 * np.sin(np.arange(int(seconds * RATE)) * 2 * np.pi * 440 / RATE)).astype(np.float32)


@lru_cache
def sound(container: str, codec: str, seconds: float = SECONDS) -> bytes:
    return recording(tone(seconds), container, codec)


def mp3(seconds: float = SECONDS) -> bytes:
    return sound("mp3", "libmp3lame", seconds)


def wav() -> bytes:
    return sound("wav", "pcm_s16le")


@lru_cache
def video(container: str = "mp4", codec: str = "libx264", audio: str | None = "aac") -> bytes:
    """A second of a moving picture, with sound or without."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        pictures: Any = file.add_stream(codec, rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        track: Any = file.add_stream(audio, rate=48_000) if audio else None
        if track is not None:
            track.layout = "mono"
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 20, np.uint8), format="rgb24")
            file.mux(pictures.encode(picture))
        file.mux(pictures.encode(None))
        if track is not None:
            resampler = av.AudioResampler(
                format=track.codec_context.format or "fltp",
                layout="mono",
                rate=48_000,
                frame_size=track.codec_context.frame_size or 960,
            )
            frame = av.AudioFrame.from_ndarray(tone(1.0).reshape(1, -1), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, 0
            for piece in (*resampler.resample(frame), *resampler.resample(None)):
                file.mux(track.encode(piece))
            file.mux(track.encode(None))
    return out.getvalue()


def picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#336699").save(out, kind)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int) -> bytes:
    """A PNG of any size on paper: what there is of its pixels is a handful of bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def pdf(body: bytes = b"") -> bytes:
    """The smallest PDF with a page."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
    ]
    out = b"%PDF-1.4\n" + body
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + table + b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)


def archive(entries: dict[str, bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def office(kind: str = "wordprocessingml.document", folder: str = "word", **more: bytes) -> bytes:
    types = f'<Types><Override PartName="/{folder}/x.xml" ContentType="{_OOXML}{kind}.main+xml"/></Types>'
    return archive({"[Content_Types].xml": types.encode(), f"{folder}/x.xml": b"<x/>", **more})


def open_document(kind: str = "text", **more: bytes) -> bytes:
    content_type = f"application/vnd.oasis.opendocument.{kind}"
    return archive({"mimetype": content_type.encode(), "content.xml": b"<x/>", **more}, stored=("mimetype",))


def compound(*streams: str) -> bytes:
    """An old office document, as far as its directory: header, allocation table, directory."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<II", header, 44, 1, 1)  # one sector of table; the directory begins in sector 1
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = b""
    for name in ("Root Entry", *streams):
        text = name.encode("utf-16-le") + b"\0\0"
        directory += text.ljust(64, b"\0") + struct.pack("<HBB", len(text), 2, 1) + b"\0" * 60
    return bytes(header) + table + directory.ljust(512, b"\0")


def good_files() -> dict[str, bytes]:
    """One file of every type, by type."""
    return {
        "audio/mpeg": mp3(),
        "audio/wav": wav(),
        "audio/mp4": sound("mp4", "aac"),
        "audio/ogg": sound("ogg", "libopus"),
        "audio/webm": browser_recording(tone()),
        "audio/flac": sound("flac", "flac"),
        "video/mp4": video(),
        "video/webm": video("webm", "libvpx", "libopus"),
        "image/png": picture("PNG"),
        "image/jpeg": picture("JPEG"),
        "image/svg+xml": SVG,
        "application/pdf": pdf(),
        "application/zip": archive({"a.txt": b"hello", "folder/b.txt": b"there"}),
        f"{_OOXML}wordprocessingml.document": office(),
        f"{_OOXML}spreadsheetml.sheet": office("spreadsheetml.sheet", "xl"),
        f"{_OOXML}presentationml.presentation": office("presentationml.presentation", "ppt"),
        "application/vnd.oasis.opendocument.text": open_document("text"),
        "application/vnd.oasis.opendocument.spreadsheet": open_document("spreadsheet"),
        "application/vnd.oasis.opendocument.presentation": open_document("presentation"),
        "application/msword": compound("WordDocument"),
        "application/vnd.ms-excel": compound("Workbook"),
        "application/vnd.ms-powerpoint": compound("PowerPoint Document"),
        "text/plain": TEXT,
        "text/csv": TEXT,
    }
