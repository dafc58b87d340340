"""What the tests of making share: a voice, and the bells that were rung for workers."""

from __future__ import annotations

import pytest

from generations.models import Voice
from tests.factories import make_voice


@pytest.fixture
def voice(db: None) -> Voice:
    """The built-in English voice."""
    return make_voice()


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, float]]:
    """Every message that was sent to a worker: the task's last name, the row, the delay in seconds."""
    rung: list[tuple[str, int, float]] = []

    def send_task(app: object, name: str, args: list[int], countdown: float | None = None, **options: object) -> None:
        rung.append((name.rpartition(".")[2], args[0], countdown or 0))

    monkeypatch.setattr("celery.app.base.Celery.send_task", send_task)
    return rung
