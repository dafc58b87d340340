"""What tests of listening may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plays import complaints, spool, visitors


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What a process keeps of the database or of visitors is not the next test's."""
    yield
    visitors.forget()
    complaints.forget()


@pytest.fixture
def spooled(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The folder of a spool that counts go through, as they do outside of tests; ``spool.take_in_all()`` takes in."""
    settings.SPOOL_DIR = tmp_path / "spool"
    settings.TAKE_IN_SECONDS = 3600  # nobody takes in but the test
    yield settings.SPOOL_DIR
    spool.stop()
