"""``Content-Disposition`` for a name that a person chose."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u2028\u2029]')
# Marks that turn the direction of what follows: "gpj.exe" could be shown as "exe.jpg".
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
# RFC 8187, attr-char: what need not be percent-encoded in an extended parameter.
_ATTR_CHARS = "!#$&+-.^_`|~"
MAX_NAME_CHARACTERS = 200


def attachment(file_name: str) -> str:
    """A header value that makes a browser save the answer under this name (RFC 6266).

    Any Unicode is kept for programs that know the extended form (all of today's); the others get the nearest ASCII.
    What no file system takes, line breaks and direction marks are replaced or dropped: the value is one safe line.
    """
    # A lone surrogate has no UTF-8 form: it would break the percent-encoding below.
    name = file_name.encode("utf-8", "replace").decode("utf-8")
    name = _DIRECTION_MARKS.sub("", _NOT_IN_NAMES.sub("_", name)).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension) <= 16:
        name = f"{stem[: MAX_NAME_CHARACTERS - len(extension) - 1]}.{extension}"
    name = name[:MAX_NAME_CHARACTERS] or "download"
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "replace").decode("ascii")
    ascii_name = _NOT_IN_NAMES.sub("_", ascii_name)
    if ascii_name == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"
