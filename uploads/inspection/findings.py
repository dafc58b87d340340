"""What a look into a file can end with."""

from __future__ import annotations

from dataclasses import dataclass


class Wrong(Exception):
    """The file is not taken; ``code`` is a key of the sentences in ``uploads.inspection``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Found:
    """The file is what it says."""

    duration_ms: int | None = None
