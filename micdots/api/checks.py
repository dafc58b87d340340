"""A wrong configuration of limits or proxies speaks at start-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from micdots.api.limits import parse_rate
from micdots.lib.client_address import networks


@register
def check_rate_limits(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every limit has to be readable: a limit that cannot be read would be a 500 at the first sign-in."""
    found: list[CheckMessage] = []
    for name, text in settings.RATE_LIMITS.items():
        try:
            parse_rate(text)
        except ValueError as error:
            hint = f"Set RATE_LIMIT_{name.upper()} to calls per time, such as 10/m, 5/15m or 100/h, or to off."
            found.append(Error(f"The rate limit {name!r} cannot be read: {error}.", hint=hint, id="micdots.E101"))
    return found


@register
def check_trusted_proxies(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    try:
        networks(tuple(settings.TRUSTED_PROXIES))
    except ValueError as error:
        hint = "Set TRUSTED_PROXIES to addresses or networks separated by commas, such as 10.0.0.0/8,127.0.0.1."
        return [Error(f"TRUSTED_PROXIES cannot be read: {error}.", hint=hint, id="micdots.E102")]
    return []
