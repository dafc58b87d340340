"""Texts: UTF-8 without control characters, and no page in disguise."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from uploads.inspection.findings import Found, Wrong
from uploads.inspection.strangers import ends_of, looks_like_a_page

_CHUNK = 256 * 1024
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


def look(file: BinaryIO, content_type: str) -> Found:
    head, _tail = ends_of(file)
    if looks_like_a_page(head):
        raise Wrong("other_type")
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while True:
            chunk = file.read(_CHUNK)
            if _NOT_TEXT.search(decoder.decode(chunk, final=not chunk)):
                raise Wrong("not_text")
            if not chunk:
                return Found()
    except UnicodeDecodeError:
        raise Wrong("not_text") from None
