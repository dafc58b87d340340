"""Old office documents: the compound file of [MS-CFB], and the stream in it that says which program wrote it."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from uploads.inspection.findings import Found, Wrong

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAIN_STREAMS = {
    "application/msword": {"WordDocument"},
    "application/vnd.ms-excel": {"Workbook", "Book"},
    "application/vnd.ms-powerpoint": {"PowerPoint Document"},
}
_MACROS = {"Macros", "_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"}
_END = 0xFFFFFFFA  # this and above mark the end of a chain or an unused sector
_ENTRY = 128
_MOST_SECTORS = 4096  # of the directory


def look(file: BinaryIO, content_type: str) -> Found:
    header = file.read(512)
    if len(header) < 512 or not header.startswith(_SIGNATURE):
        raise Wrong("other_type")
    try:
        names = _stream_names(file, header)
    except (struct.error, IndexError, OverflowError):
        raise Wrong("broken") from None
    if not names & _MAIN_STREAMS[content_type]:
        raise Wrong("other_type")
    if names & _MACROS:
        raise Wrong("active")
    return Found()


def _stream_names(file: BinaryIO, header: bytes) -> set[str]:
    """The names in the directory, which is a chain of sectors."""
    shift = struct.unpack_from("<H", header, 30)[0]
    if shift not in (9, 12):
        raise Wrong("broken")
    size = 1 << shift
    last = file.seek(0, os.SEEK_END) // size + 1
    tables = [number for number in struct.unpack_from("<109I", header, 76) if number < _END]
    sector = struct.unpack_from("<I", header, 48)[0]
    names: set[str] = set()
    seen: set[int] = set()
    while sector < _END:
        if sector in seen or sector > last or len(seen) > _MOST_SECTORS:
            raise Wrong("broken")
        seen.add(sector)
        content = _sector(file, sector, size)
        for start in range(0, len(content) - _ENTRY + 1, _ENTRY):
            length = struct.unpack_from("<H", content, start + 64)[0]
            if 2 <= length <= 64:
                names.add(content[start : start + length - 2].decode("utf-16-le", "replace"))
        table, place = divmod(sector, size // 4)
        if table >= len(tables):
            break  # a document of more than 7 MB, whose directory came first: its name has been read by now
        sector = struct.unpack_from("<I", _sector(file, tables[table], size), place * 4)[0]
    return names


def _sector(file: BinaryIO, number: int, size: int) -> bytes:
    file.seek((number + 1) * size)
    return file.read(size)
