"""Names cross the border of the API once, here: ``snake_case`` inside, ``camelCase`` outside."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def camel(name: str) -> str:
    """``created_at`` → ``createdAt``. A name that is camelCase already stays as it is, so it may be applied twice."""
    return re.sub(r"(?<=[A-Za-z0-9])_+([A-Za-z0-9])", lambda match: match.group(1).upper(), name)
