"""Files that are two types at once: what one program reads as a picture, another reads as a page or an archive.

Each family checks that its files begin as they should. What such a file hides at its end is looked for here, for all.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from typing import BinaryIO

from uploads.inspection.families import FAMILIES
from uploads.inspection.findings import Wrong

_HEAD, _TAIL = 1024, 64 * 1024
# What makes a browser or an interpreter take a file for a program or a page. In compressed sound or pictures such a
# run of letters does not come about by chance: the shortest has seven.
_PAGE = re.compile(rb"<script[\s>/]|<html[\s>]|<!doctype\s+html|<body[\s>]|<iframe[\s>]|<\?php\s", re.IGNORECASE)
# Documents and archives may well hold pages, and say so themselves; sound and pictures may not.
_PAGELESS = {"sound", "pictures"}


def refuse_second_type(file: BinaryIO, content_type: str) -> None:
    """Raises Wrong for a file with a page, a document or an archive at one of its ends."""
    family = FAMILIES[content_type]
    if family in _PAGELESS:
        head, tail = ends_of(file)
        if _PAGE.search(head) or _PAGE.search(tail) or b"%PDF-" in head:
            raise Wrong("two_types")
    # Archives are read from their end, so anything may stand before them. An old office document may hold one.
    if family in _PAGELESS | {"pdf"} and _is_archive(file):
        raise Wrong("two_types")


def _is_archive(file: BinaryIO) -> bool:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        return False


def ends_of(file: BinaryIO) -> tuple[bytes, bytes]:
    """The first kilobyte and the last 64 of a file; of a short one the same bytes stand in both."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(max(0, size - _TAIL))
    return head, file.read(_TAIL)


_PAGE_STARTS = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<svg", b"<?xml", b"<?php")


def looks_like_a_page(head: bytes) -> bool:
    """Whether a text begins as an HTML page or an XML document does."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE_STARTS)
