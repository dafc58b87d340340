"""What is wrong with the settings of listening is said at start-up, and stops what cannot work."""

from __future__ import annotations

import pytest

from plays.checks import check_listening_settings
from tests.plays.places import write_places


def found() -> list[str]:
    return [message.id for message in check_listening_settings(None)]


def test_the_defaults_are_fine(settings, tmp_path):
    assert found() == []

    settings.GEO_DATABASE = str(write_places(tmp_path / "places.mmdb", {"192.0.2.0/24": {"country": "FR"}}))
    settings.METRICS_TOKEN = "long-enough-for-nobody-to-guess"
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("EVENT_MONTHS", 0, "plays.E001"),
        ("TAKE_IN_SECONDS", -1.0, "plays.E002"),
        ("TAKE_IN_SECONDS", 3600.0, "plays.E002"),
        ("TAKE_IN_SECONDS", float("nan"), "plays.E002"),
        ("GEO_DATABASE", "/missing/places.mmdb", "plays.W001"),
        ("METRICS_TOKEN", "short", "plays.W002"),
    ],
)
def test_each_mistake_is_named(settings, name, value, message):
    setattr(settings, name, value)

    assert found() == [message]


def test_a_file_that_is_no_database_is_named(settings, tmp_path):
    path = tmp_path / "places.mmdb"
    path.write_text("no database")
    settings.GEO_DATABASE = str(path)

    assert found() == ["plays.W001"]
