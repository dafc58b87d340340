"""PDF by its structure: where it begins, where it ends, and that the end leads to the table of its objects."""

from __future__ import annotations

import os
import re
from typing import BinaryIO

from uploads.inspection.findings import Found, Wrong

_HEADER = re.compile(rb"%PDF-[12]\.[0-9]")
_START = re.compile(rb"startxref\s+([0-9]{1,12})\s+%%EOF")
_TABLE = re.compile(rb"\s*(xref\s|[0-9]{1,10}\s+[0-9]{1,5}\s+obj\b)")
_TAIL = 64 * 1024
_MOST_BEHIND = 1024  # readers look for the end in the last kilobyte


def look(file: BinaryIO, content_type: str) -> Found:
    if not _HEADER.match(file.read(1024)):
        raise Wrong("other_type")
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    ends = list(_START.finditer(tail))
    if not ends:
        raise Wrong("broken")
    last = ends[-1]
    behind = tail[last.end() :]
    if len(behind) > _MOST_BEHIND:
        raise Wrong("two_types")
    if behind.strip(b"\0\r\n\t ") and b"<" in behind:
        raise Wrong("two_types")
    file.seek(min(int(last[1]), size))
    table = file.read(4096)
    if not _TABLE.match(table):
        raise Wrong("broken")
    # A table of its own has a trailer behind it; a stream is its own trailer. Both name the document's root.
    if b"/Root" not in table and b"/Root" not in tail:
        raise Wrong("broken")
    file.seek(0)
    if re.search(rb"<script[\s>/]|<html[\s>]|<!doctype", file.read(1024), re.IGNORECASE):
        raise Wrong("two_types")
    return Found()
