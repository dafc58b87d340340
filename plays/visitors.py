"""Telling visitors apart within a day, and only within it, without knowing who they are.

A visitor is a keyed hash over dot, truncated address and browser. The key is the day's random salt: with it gone (the
next day, from the database by :func:`plays.retention.tidy` and from memory by :func:`keep_salts`) nobody can say any
more which hash belongs to which address, and the hashes of two days, or of two dots, have nothing in common.

Whoever sends ``DNT: 1`` or ``Sec-GPC: 1`` is counted and nothing else, and so is everybody where the dot's owner wants
no attributes.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import Error
from django.utils import timezone

from micdots.lib.client_address import address_in
from plays.attributes import Attributes, attributes_of
from plays.complaints import complain
from plays.counting import Environ, user_agent
from plays.models import DailySalt

SALT_BYTES = 32
_IPV4 = re.compile(r"([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})\.[0-9]{1,3}")
PAUSE_SECONDS = 30 * 60  # a visitor's asking for the audio is one play within this time
_RECENT_AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """What is written down of whoever asks."""

    key: str  # 64 hexadecimal digits; empty: not to be told apart from others
    attributes: Attributes


NOBODY = Visitor("", Attributes())


def visitor_of(environ: Environ, *, dot_id: int, keeps_attributes: bool) -> Visitor:
    """Who asks, as far as the visitor and the dot's owner want it known."""
    if not keeps_attributes or objects(environ):
        return NOBODY
    # First of all: nothing below ever sees the whole address.
    network = _network_in(environ)
    browser = user_agent(environ)
    attributes = attributes_of(
        user_agent=browser,
        network=network,
        referrer=environ.get("HTTP_REFERER", ""),
        own_host=environ.get("HTTP_HOST", ""),
    )
    salt = _salt_at_hand(timezone.now().date())
    return Visitor(_hash(salt, dot_id, network, browser) if salt else "", attributes)


def objects(environ: Environ) -> bool:
    """Whether the browser says that its owner does not want to be followed."""
    return environ.get("HTTP_DNT") == "1" or environ.get("HTTP_SEC_GPC") == "1"


def network_of(address: str) -> str:
    """The network that an address is in: /24 of IPv4, /48 of IPv6; empty for no address.

    >>> network_of("192.0.2.77"), network_of("2001:db8:1:2::3")
    ('192.0.2.0/24', '2001:db8:1::/48')
    """
    if ":" not in address:
        return f"{address.rpartition('.')[0]}.0/24" if address else ""
    return str(ipaddress.ip_network(f"{address.partition('%')[0]}/48", strict=False))


def _network_in(environ: Environ) -> str:
    """The visitor's. Where nobody stands in between, the server's own words need no checking."""
    if not settings.TRUSTED_PROXIES and (direct := _IPV4.fullmatch(environ.get("REMOTE_ADDR", ""))):
        return f"{direct[1]}.0/24"
    return network_of(address_in(environ))


def _hash(salt: bytes, dot_id: int, network: str, browser: str) -> str:
    said = f"{dot_id}\n{network}\n{browser}".encode("utf-8", "replace")
    return hmac.digest(salt, said, "sha256").hex()


# --- Salts ------------------------------------------------------------------------------------------------------------

_salts: dict[date, bytes] = {}


def _salt_at_hand(day: date) -> bytes | None:
    """Today's salt for somebody who waits: made in the background, where there is one. None: it is not there yet."""
    if (salt := _salts.get(day)) is not None:
        return salt
    if settings.TAKE_IN_SECONDS > 0:
        return None
    try:
        return salt_of(day)
    except Error:
        complain("There is no salt for today; visitors are counted without being told apart")
        return None


def salt_of(day: date) -> bytes:
    """The salt of a day, made when it is first asked for. Of two processes that make it, both use the first's.

    This may wait for the database to write: not for requests.
    """
    salt = _salts.get(day)
    if salt is None:
        row, _created = DailySalt.objects.get_or_create(day=day, defaults={"salt": secrets.token_bytes(SALT_BYTES)})
        salt = _salts[day] = bytes(row.salt)
    return salt


def keep_salts(now: datetime | None = None) -> None:
    """Have today's salt at hand, shortly before midnight also tomorrow's, and destroy those of days that are over.

    Done in the background, so that no visitor waits for it, nor does a salt stay where nobody comes any more.
    """
    now = now or timezone.now()
    days = {now.date(), (now + timedelta(minutes=1)).date()}
    for day in [day for day in _salts if day not in days]:
        _salts.pop(day, None)
    for day in days:
        salt_of(day)


def forget() -> None:
    """Ask the database again, and know nobody."""
    _salts.clear()
    _recent.clear()


# --- Those who cannot be told apart -----------------------------------------------------------------------------------

_recent: OrderedDict[bytes, float] = OrderedDict()
_recent_lock = threading.Lock()
_recent_key = secrets.token_bytes(SALT_BYTES)


def has_just_played(environ: Environ, *, dot_id: int) -> bool:
    """Whether the same request came a short while ago, of somebody whose hash is not written down.

    Browsers ask for audio in parts, and the parts are one play. What is compared lives in this process's memory alone,
    under a key that nothing else knows, and is forgotten after half an hour.
    """
    now = time.monotonic()
    key = bytes.fromhex(_hash(_recent_key, dot_id, _network_in(environ), user_agent(environ)))
    with _recent_lock:
        while _recent and next(iter(_recent.values())) <= now - PAUSE_SECONDS:
            _recent.popitem(last=False)
        if key in _recent:
            return True
        _recent[key] = now
        if len(_recent) > _RECENT_AT_MOST:
            _recent.popitem(last=False)
        return False
