"""The tokens' contrast: text at least 7:1 on every ground that it stands on (AAA), borders of controls 3:1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

INKS = {
    "text": ["ground", "surface", "sunken", "accent-soft", "good-soft", "warn-soft", "bad-soft"],
    "text-muted": ["ground", "surface", "sunken"],
    "accent": ["ground", "surface", "sunken", "accent-soft"],
    "accent-strong": ["ground", "surface", "accent-soft"],
    "on-accent": ["accent", "accent-strong"],
    "good": ["surface", "good-soft"],
    "warn": ["surface", "warn-soft"],
    "bad": ["ground", "surface", "bad-soft"],
}
BORDERS = {"line-strong": ["ground", "surface", "sunken"], "focus": ["ground", "surface", "sunken"]}


def themes() -> dict[str, dict[str, str]]:
    css = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    light, dark = css.split("prefers-color-scheme: dark")
    found = [dict(re.findall(r"--color-([\w-]+):\s*(#[0-9a-f]{6})", part)) for part in (light, dark)]
    return {"light": found[0], "dark": {**found[0], **found[1]}}


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(INKS, 7.0), (BORDERS, 3.0)], ids=["text", "borders"])
def test_it_holds_in_both_themes(theme, pairs, least):
    colours = themes()[theme]
    weak = {
        (ink, ground): round(contrast(colours[ink], colours[ground]), 2)
        for ink, grounds in pairs.items()
        for ground in grounds
        if contrast(colours[ink], colours[ground]) < least
    }

    assert weak == {}
