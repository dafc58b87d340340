"""Who can open an address: everybody's phone, those in the same network, or only this machine."""

from __future__ import annotations

import ipaddress
from enum import Enum
from urllib.parse import urlsplit

# Names that only mean something in one building (RFC 6761, RFC 6762, RFC 8375, and what routers are shipped with).
_LOCAL_ENDINGS = (".local", ".lan", ".home", ".internal", ".home.arpa")


class Reach(Enum):
    """How far an address carries."""

    EVERYWHERE = "everywhere"
    SAME_NETWORK = "same network"
    THIS_MACHINE = "this machine"


def reach_of(url: str) -> Reach:
    """From where the host of ``url`` can be opened, judged by its name or number alone; nothing is looked up.

    An address without a host, and one on all interfaces (``0.0.0.0``), counts as this machine: no phone can open it.
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return _reach_of_name(host)
    if number.is_loopback or number.is_unspecified:
        return Reach.THIS_MACHINE
    return Reach.EVERYWHERE if number.is_global else Reach.SAME_NETWORK


def is_reachable_by_phones(url: str) -> bool:
    """Whether any phone, wherever it is, can be expected to open ``url``."""
    return reach_of(url) is Reach.EVERYWHERE


def _reach_of_name(host: str) -> Reach:
    if not host or host == "localhost" or host.endswith(".localhost"):
        return Reach.THIS_MACHINE
    if "." not in host or host.endswith(_LOCAL_ENDINGS):
        return Reach.SAME_NETWORK
    return Reach.EVERYWHERE
