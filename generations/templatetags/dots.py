"""How dots and generations are written on pages."""

from __future__ import annotations

from typing import Any

from django import template

from generations.models import Dot, Generation
from micdots.lib.language_names import language_name

register = template.Library()

_BADGES = {
    Dot.Status.MAKING: "badge--accent",
    Dot.Status.LIVE: "badge--good",
    Dot.Status.SCHEDULED: "badge--accent",
    Dot.Status.PAUSED: "badge--warn",
    Dot.Status.EXPIRED: "badge--warn",
    Dot.Status.USED_UP: "badge--warn",
    Dot.Status.BLOCKED: "badge--bad",
    Generation.Status.QUEUED: "badge--accent",
    Generation.Status.PROCESSING: "badge--accent",
    Generation.Status.READY: "badge--good",
    Generation.Status.FAILED: "badge--bad",
}

register.filter("language_name", language_name)


@register.inclusion_tag("generations/_badge.html")
def badge(row: Dot | Generation) -> dict[str, Any]:
    """The state of a dot or a generation, in a word."""
    status = type(row).Status(row.status)
    return {"label": status.label, "class": _BADGES.get(status, "")}


@register.filter
def clock(milliseconds: int | None) -> str:
    """65,400 → ``1:05``; an hour and more → ``1:02:03``."""
    seconds = round((milliseconds or 0) / 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
