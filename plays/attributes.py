"""What is written down of a visitor besides the count: kind of device, system, browser, place, where they came from.

Coarse on purpose. Names come from short lists, so that neither a rare browser nor a forged ``User-Agent`` makes a value
of its own; places are those of the truncated address, never of the visitor's own.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import maxminddb
from django.conf import settings
from ua_parser import Domain, PartialResult, load_builtins
from ua_parser.regex import Resolver  # in Rust: 0.1 ms for the worst name, where the one in Python takes many

logger = logging.getLogger(__name__)

OTHER = "other"  # something that is on no list; what is not known at all is empty

USER_AGENT_LENGTH = 512  # what is looked at; real ones are shorter
_REFERRER_LENGTH = 2048
_HOST_LENGTH = 100
_CITY_LENGTH = 80
# Of a crowd, most have one of a few hundred browsers; the cache is for them and not for those who forge one each time.
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Attributes:
    """One visitor's; everything is empty where it is not known."""

    device: str = ""  # phone, tablet, desktop, tv, console or other
    system: str = ""  # a family, such as Android; no version
    browser: str = ""  # a family, such as Firefox; no version
    country: str = ""  # ISO 3166-1, two capitals
    city: str = ""  # its English name
    referrer: str = ""  # a host name in lower case, international ones as xn--…; never this installation's own


def attributes_of(*, user_agent: str, network: str, referrer: str, own_host: str) -> Attributes:
    """What one request tells. Never raises, whatever it is given.

    Args:
        network: the truncated address as ``192.0.2.0/24`` or ``2001:db8::/48``; empty where it is not known.
        referrer: the header ``Referer`` as it came.
        own_host: what the request was sent to, with or without a port.
    """
    device, system, browser = _browser_of(user_agent[:USER_AGENT_LENGTH])
    country, city = _place_of(network, settings.GEO_DATABASE)
    host = _host_of(referrer[:_REFERRER_LENGTH])
    if host and host == own_host.lower().rsplit(":", 1)[0].rstrip("."):
        host = ""
    return Attributes(device=device, system=system, browser=browser, country=country, city=city, referrer=host)


def warm_up() -> None:
    """Load what the first visitor would otherwise wait for: a quarter of a second."""
    _resolver()
    _places(settings.GEO_DATABASE)


# --- Device, system, browser ------------------------------------------------------------------------------------------

# The first that fits. Consoles and television sets also name the desktop or telephone system that they are made of.
_DEVICES = [
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in [
        ("console", r"playstation|nintendo|\bxbox\b"),
        ("tv", r"smart-?_?tv|\bweb0s\b|hbbtv|(apple|google|android) ?tv|\bcrkey|\broku|bravia|\baft[a-z]+\b|; tv\b"),
        # An iPad calls itself a Mac unless it is old, and Android tablets are those that do not say "Mobile".
        ("tablet", r"ipad|tablet|kindle|playbook|\bsilk/(?!.*mobile)|android(?!.*(mobile|opera m))"),
        ("phone", r"iphone|ipod|android|mobile|phone|opera mini|kaios|blackberry|\bbb10\b"),
        ("desktop", r"windows nt|macintosh|\bcros\b|\bx11\b|linux (x86|i[3-6]86|aarch64)"),
    ]
]
_HEADSET = re.compile(r"\bquest\b|oculusbrowser|\bvr\b", re.IGNORECASE)
_CONSOLES = {"playstation": "PlayStation", "nintendo": "Nintendo", "xbox": "Xbox"}

# What ua-parser calls a system: what it is called here.
_SYSTEMS = {
    "Android": "Android",
    "iOS": "iOS",
    "iPadOS": "iOS",
    "Windows": "Windows",
    "Windows Phone": "Windows Phone",
    "Mac OS X": "macOS",
    "macOS": "macOS",
    "Chrome OS": "ChromeOS",
    "HarmonyOS": "HarmonyOS",
    "KaiOS": "KaiOS",
    "Tizen": "Tizen",
    "Web0S": "webOS",
    "webOS": "webOS",
    "tvOS": "tvOS",
    "ATV OS X": "tvOS",
    "Fire OS": "Android",
    "BlackBerry OS": "BlackBerry",
    "FreeBSD": "BSD",
    "OpenBSD": "BSD",
    "NetBSD": "BSD",
    **dict.fromkeys(
        [
            "Linux", "Ubuntu", "Debian", "Fedora", "Red Hat", "CentOS", "SUSE", "Arch Linux", "Gentoo", "Mint",
            "Linux Mint", "Mageia", "Mandriva", "PCLinuxOS", "Slackware", "Kubuntu",
        ],
        "Linux",
    ),
}  # fmt: skip

# What ua-parser's name of a browser begins with: what it is called here. The first that fits.
_BROWSERS = {
    "Samsung Internet": "Samsung Internet",
    "Edge": "Edge",
    "Firefox": "Firefox",
    "Opera Mini": "Opera Mini",
    "Opera": "Opera",
    "Chrome": "Chrome",
    "Chromium": "Chrome",
    "HeadlessChrome": "Chrome",
    "Mobile Safari": "Safari",
    "Safari": "Safari",
    "IE": "Internet Explorer",
    "Android": "Android Browser",
    "Amazon Silk": "Silk",
    "DuckDuckGo": "DuckDuckGo",
    "Brave": "Brave",
    "Vivaldi": "Vivaldi",
    "Yandex": "Yandex Browser",
    "UC Browser": "UC Browser",
    "QQ Browser": "QQ Browser",
    "MiuiBrowser": "MIUI Browser",
    "Huawei": "Huawei Browser",
    "HeyTap": "HeyTap Browser",
    "Vivo": "Vivo Browser",
    "Whale": "Whale",
    "Ecosia": "Ecosia",
    "Klar": "Firefox",
    "Focus": "Firefox",
    "Google": "Google app",
    "GSA": "Google app",
    "Facebook": "Facebook",
    "Messenger": "Facebook",
    "Instagram": "Instagram",
    "TikTok": "TikTok",
    "Snapchat": "Snapchat",
    "Pinterest": "Pinterest",
    "LinkedIn": "LinkedIn",
    "Twitter": "X",
    "WeChat": "WeChat",
    "Line": "LINE",
    "KakaoTalk": "KakaoTalk",
}


@lru_cache(maxsize=1)
def _resolver() -> Resolver:
    return Resolver(load_builtins())


@lru_cache(maxsize=_KEPT)
def _browser_of(user_agent: str) -> tuple[str, str, str]:
    """Kind of device, system and browser."""
    if not user_agent.strip():
        return "", "", ""
    # A server hands over bytes that are no UTF-8 as lone surrogates, which cannot be handed on.
    clean = user_agent.encode("utf-8", "replace").decode()
    found: PartialResult = _resolver()(clean, Domain.OS | Domain.USER_AGENT)
    device = _device_of(user_agent)
    if device == "console":
        # They name the browser and system that theirs was made of.
        lower = user_agent.lower()
        return device, next((name for word, name in _CONSOLES.items() if word in lower), OTHER), OTHER
    system = _SYSTEMS.get(found.os.family, OTHER) if found.os else OTHER
    family = found.user_agent.family if found.user_agent else ""
    browser = next((name for start, name in _BROWSERS.items() if family.startswith(start)), OTHER)
    return device, system, browser


def _device_of(user_agent: str) -> str:
    if _HEADSET.search(user_agent):
        return OTHER
    return next((kind for kind, pattern in _DEVICES if pattern.search(user_agent)), OTHER)


# --- Place ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=_KEPT)
def _place_of(network: str, database: str) -> tuple[str, str]:
    """Country and city of a network."""
    places = _places(database)
    if places is None or not network:
        return "", ""
    try:
        row = places.get(network.split("/", 1)[0])
    except ValueError:  # no address
        return "", ""
    except maxminddb.InvalidDatabaseError:
        # Without the error's own words: the address is in them.
        logger.warning("GEO_DATABASE %s is broken inside: some places stay unknown", database)
        return "", ""
    return (_country_in(row), _city_in(row)) if isinstance(row, dict) else ("", "")


@lru_cache(maxsize=4)
def _places(database: str) -> maxminddb.Reader | None:
    """The operator's database, opened once; None where there is none that can be read."""
    if not database:
        return None
    try:
        return maxminddb.open_database(database)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        logger.error("GEO_DATABASE cannot be read, places stay unknown: %s: %s", database, error)
        return None


def _country_in(row: dict[str, Any]) -> str:
    """MaxMind and DB-IP have it as ``country.iso_code``, others as ``country_code`` or ``country``."""
    said = row.get("country")
    code = said.get("iso_code") if isinstance(said, dict) else row.get("country_code", said)
    return code if isinstance(code, str) and re.fullmatch("[A-Z]{2}", code) else ""


def _city_in(row: dict[str, Any]) -> str:
    said = row.get("city")
    if isinstance(said, dict):
        names = said.get("names")
        said = names.get("en") if isinstance(names, dict) else None
    return " ".join(said.split())[:_CITY_LENGTH] if isinstance(said, str) else ""


# --- Referrer ---------------------------------------------------------------------------------------------------------

# A name of two labels at least: an address of digits or a machine's short name tells of somebody's own network.
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z][a-z0-9-]{0,61}[a-z0-9])")


@lru_cache(maxsize=_KEPT)
def _host_of(referrer: str) -> str:
    """The host name in an address, as it is written in DNS; empty for what is none."""
    try:
        parts = urlsplit(referrer.strip())
        host = (parts.hostname or "").rstrip(".")
        if parts.scheme not in {"http", "https", "android-app"}:
            return ""
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one
        return ""
    host = host.lower()
    return host if len(host) <= _HOST_LENGTH and _HOST.fullmatch(host) else ""
