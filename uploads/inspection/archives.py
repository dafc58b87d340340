"""ZIP, and the office documents that are ZIPs: their structure, limits against bombs, and the parts that they need."""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO

from uploads.inspection.findings import Found, Wrong

_MAX_ENTRIES = 20_000
_MAX_UNPACKED = 4 * 1024**3
_FREE_UNPACKED = 64 * 1024**2  # so much may come out of however little
_MAX_RATIO = 100
_MAX_NESTING = 3  # archives in archives in archives
_NESTED_BYTES = 32 * 1024**2  # larger ones are not looked into
_CHUNK = 256 * 1024
_LOCAL_HEADER = 30
_START, _EMPTY = b"PK\x03\x04", b"PK\x05\x06"

_OOXML = "application/vnd.openxmlformats-officedocument."
# The part that every such document has, and what its table of types calls it.
_MAIN_PARTS = {
    f"{_OOXML}wordprocessingml.document": ("word/", f"{_OOXML}wordprocessingml.document.main+xml"),
    f"{_OOXML}spreadsheetml.sheet": ("xl/", f"{_OOXML}spreadsheetml.sheet.main+xml"),
    f"{_OOXML}presentationml.presentation": ("ppt/", f"{_OOXML}presentationml.presentation.main+xml"),
}
_ODF = "application/vnd.oasis.opendocument."


class _Budget:
    """What an archive and all those in it may unpack to, together."""

    def __init__(self, packed: int) -> None:
        self.most = min(_MAX_UNPACKED, max(_FREE_UNPACKED, packed * _MAX_RATIO))
        self.spent = 0

    def spend(self, size: int) -> None:
        self.spent += size
        if self.spent > self.most:
            raise Wrong("bomb")


def look(file: BinaryIO, content_type: str) -> Found:
    if file.read(4) not in (_START, _EMPTY):
        raise Wrong("other_type")
    size = file.seek(0, io.SEEK_END)
    archive = _open(file)
    try:
        if content_type in _MAIN_PARTS:
            _check_office(archive, content_type)
        elif content_type.startswith(_ODF):
            _check_open_document(archive, content_type)
        _check_entries(archive, size, _Budget(size), nesting=1)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, ValueError, OSError):
        raise Wrong("broken") from None
    except Wrong:
        raise
    except Exception:  # zlib, bz2 and lzma each have errors of their own
        raise Wrong("broken") from None
    return Found()


def _open(file: BinaryIO) -> zipfile.ZipFile:
    file.seek(0)
    try:
        return zipfile.ZipFile(file)
    except Exception:  # as above; a directory can break in many ways
        raise Wrong("broken") from None


def _check_entries(archive: zipfile.ZipFile, size: int, budget: _Budget, *, nesting: int) -> None:
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise Wrong("bomb")
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        # Entries that share their packed bytes are how a small archive unpacks to petabytes.
        if entry.header_offset < end:
            raise Wrong("bomb")
        end = entry.header_offset + _LOCAL_HEADER + entry.compress_size
        if end > size:
            raise Wrong("broken")
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or entry.filename.startswith(("/", "\\")) or parts[0].endswith(":"):
            raise Wrong("unsafe_names")
    # First what the archive says of itself, which costs nothing; then what is true.
    said = sum(entry.file_size for entry in entries)
    if budget.spent + said > budget.most:
        raise Wrong("bomb")
    for entry in entries:
        if entry.is_dir() or entry.flag_bits & 1:  # a folder, or encrypted: nobody here can look into it
            continue
        _check_entry(archive, entry, budget, nesting=nesting)


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget, *, nesting: int) -> None:
    with archive.open(entry) as content:
        first = content.read(4)
        budget.spend(len(first))
        kept = io.BytesIO() if first == _START and entry.file_size <= _NESTED_BYTES else None
        if kept is not None:
            if nesting >= _MAX_NESTING:
                raise Wrong("bomb")
            kept.write(first)
        while chunk := content.read(_CHUNK):  # reads no more than was announced, and compares the checksum at the end
            budget.spend(len(chunk))
            if kept is not None:
                kept.write(chunk)
    if kept is not None and zipfile.is_zipfile(kept):
        kept.seek(0)
        try:
            inner = zipfile.ZipFile(kept)
        except Exception:  # it only looked like one
            return
        _check_entries(inner, len(kept.getbuffer()), budget, nesting=nesting + 1)


def _check_office(archive: zipfile.ZipFile, content_type: str) -> None:
    folder, main = _MAIN_PARTS[content_type]
    names = archive.namelist()
    if "[Content_Types].xml" not in names or not any(name.startswith(folder) for name in names):
        raise Wrong("other_type")
    types = _small_part(archive, "[Content_Types].xml")
    if any(name.lower().endswith("vbaproject.bin") for name in names) or b"macroEnabled" in types:
        raise Wrong("active")
    if main.encode() not in types:
        raise Wrong("other_type")


def _check_open_document(archive: zipfile.ZipFile, content_type: str) -> None:
    names = archive.namelist()
    if "mimetype" not in names or "content.xml" not in names:
        raise Wrong("other_type")
    if _small_part(archive, "mimetype").strip() != content_type.encode():
        raise Wrong("other_type")
    if any(name.startswith(("Basic/", "Scripts/")) for name in names):
        raise Wrong("active")


def _small_part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(1024 * 1024)
