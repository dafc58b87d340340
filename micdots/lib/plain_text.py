"""What text may be made of, wherever it comes from."""

from __future__ import annotations

import re

# Control characters (C0 without tab and newline, DEL, C1) and halves of surrogate pairs: no keyboard types them,
# databases refuse some of them, and none can be spoken.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def forbidden_character(text: str) -> str | None:
    """The first character that has no place in text, as ``U+0007``, or None. A carriage return counts as one."""
    found = _FORBIDDEN.search(text)
    return f"U+{ord(found.group()):04X}" if found else None
