"""What the values of a dimension are called on pages and in exports."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language, gettext, ngettext, pgettext

from micdots.lib.language_names import language_name
from plays.models import DayShare

Dimension = DayShare.Dimension
LANGUAGE = "language"  # besides DayShare's: those of what was heard


def dimension_name(dimension: str) -> str:
    """The heading above the values."""
    return {
        Dimension.SOURCE.value: gettext("Printed code or link"),
        LANGUAGE: gettext("Languages"),
        Dimension.DEVICE.value: gettext("Devices"),
        Dimension.SYSTEM.value: gettext("Operating systems"),
        Dimension.BROWSER.value: gettext("Browsers"),
        Dimension.COUNTRY.value: gettext("Countries"),
        Dimension.CITY.value: gettext("Places"),
        Dimension.REFERRER.value: gettext("Where they came from"),
    }[dimension]


def value_name(dimension: str, value: str) -> str:
    """One value, in the reader's language where it is a word and not a name."""
    if not value:
        return gettext("No other page, or not told") if dimension == Dimension.REFERRER else gettext("Unknown")
    if dimension == Dimension.DEVICE:
        return _devices().get(value, value)
    if dimension == Dimension.SOURCE:
        return {"printed": gettext("Printed code"), "link": gettext("Shared link")}.get(value, value)
    if dimension == Dimension.COUNTRY:
        return _territories(get_language() or "en").get(value, value)
    if dimension == LANGUAGE:
        return language_name(value)
    if value == "other":
        return gettext("All others")
    return value


def listening_time(seconds: float) -> str:
    """How long was listened: exact below a minute, then to the minute."""
    if seconds < 60:
        return gettext("%(seconds)d s") % {"seconds": round(seconds)}
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return gettext("%(minutes)d min") % {"minutes": minutes}


def people(count: int) -> str:
    """How many listen now."""
    return ngettext("%(count)d person", "%(count)d people", count) % {"count": count}


def _devices() -> dict[str, str]:
    return {
        "phone": pgettext("device", "Phone"),
        "tablet": pgettext("device", "Tablet"),
        "desktop": pgettext("device", "Computer"),
        "tv": pgettext("device", "Television"),
        "console": pgettext("device", "Games console"),
        "other": pgettext("device", "Something else"),
    }


@lru_cache(maxsize=32)
def _territories(reader: str) -> dict[str, str]:
    try:
        return dict(Locale.parse(reader, sep="-").territories)
    except (ValueError, UnknownLocaleError):
        return dict(Locale("en").territories)
