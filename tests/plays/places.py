"""A database of places in MaxMind's format, made by hand: the real ones may not be passed on.

https://maxmind.github.io/MaxMind-DB/
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

# How wide the format wants the numbers about itself (5: 16 bits, 6: 32 bits; others 64).
_INTEGERS = {"node_count": 6, **dict.fromkeys(["record_size", "ip_version"], 5)} | dict.fromkeys(
    ["binary_format_major_version", "binary_format_minor_version"], 5
)
_METADATA = b"\xab\xcd\xefMaxMind.com"


def write_places(path: Path, places: dict[str, Any]) -> Path:
    """Write what belongs to each network (``"192.0.2.0/24"``); IPv4 and IPv6 in one tree, as the large ones have it."""
    nodes: list[list[Any]] = [[None, None]]
    data = b""
    for text, row in places.items():
        network = ipaddress.ip_network(text)
        bits, length = int(network.network_address), network.prefixlen
        if network.version == 4:
            length += 96  # ::/96 holds the old addresses
        at = 0
        for depth in range(length):
            side = bits >> (127 - depth) & 1
            if depth == length - 1:
                nodes[at][side] = ("data", len(data))
            else:
                if nodes[at][side] is None:
                    nodes.append([None, None])
                    nodes[at][side] = ("node", len(nodes) - 1)
                at = nodes[at][side][1]
        data += _encode(row)
    tree = b"".join(_record(end, len(nodes)) for node in nodes for end in node)
    about = {
        "node_count": len(nodes),
        "record_size": 32,
        "ip_version": 6,
        "database_type": "Test-City",
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_700_000_000,
        "description": {"en": "made for a test"},
    }
    path.write_bytes(tree + bytes(16) + data + _METADATA + _encode(about))
    return path


def _record(end: tuple[str, int] | None, count: int) -> bytes:
    if end is None:
        return count.to_bytes(4, "big")  # nothing is known
    kind, number = end
    return (number if kind == "node" else number + count + 16).to_bytes(4, "big")


def _encode(value: Any, name: str = "") -> bytes:
    if isinstance(value, dict):
        return _head(7, len(value)) + b"".join(_encode(key) + _encode(item, key) for key, item in value.items())
    if isinstance(value, list):
        return _head(11, len(value)) + b"".join(_encode(item) for item in value)
    if isinstance(value, int):
        raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return _head(_INTEGERS.get(name, 9), len(raw)) + raw
    raw = value.encode()
    return _head(2, len(raw)) + raw


def _head(kind: int, size: int) -> bytes:
    more = b""
    if size >= 29:
        if size >= 29 + 256:
            raise ValueError("too long for a test")
        size, more = 29, bytes([size - 29])
    return bytes([kind << 5 | size]) + more if kind < 8 else bytes([size, kind - 7]) + more
