"""What is wrong with the settings of listening is said at start-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import maxminddb
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

SHORTEST_TOKEN = 20  # characters; /metrics is not limited, so a token must not be one that can be guessed


@register
def check_listening_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Numbers that make sense, a database of places that can be read, a token that cannot be guessed."""
    found: list[CheckMessage] = []
    if settings.EVENT_MONTHS < 1:
        hint = "Set it to 1 or more: figures that are wrong can be made anew only of events that are still there."
        found.append(Error("EVENT_MONTHS is less than one month.", hint=hint, id="plays.E001"))
    if not 0 <= settings.TAKE_IN_SECONDS <= 60:
        hint = "Set it to 1, or to 0 to take in with each request."
        found.append(Error("TAKE_IN_SECONDS is not between 0 and 60.", hint=hint, id="plays.E002"))
    if settings.GEO_DATABASE:
        try:
            maxminddb.open_database(settings.GEO_DATABASE).close()
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            hint = f"{error}. Set GEO_DATABASE to a file in MaxMind's format; until then places are unknown."
            found.append(Warning("GEO_DATABASE cannot be read.", hint=hint, id="plays.W001"))
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        hint = f"Use {SHORTEST_TOKEN} random characters or more."
        found.append(Warning("METRICS_TOKEN can be guessed.", hint=hint, id="plays.W002"))
    return found
