"""Whose address counts when proxies stand in between."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.test import RequestFactory

from micdots.lib.client_address import ForwardedHeadersMiddleware, address_group, client_address

PROXIES = ["10.0.0.0/8", "2001:db8:aa::/48", "127.0.0.1"]


def request_from(peer: str, forwarded: str | None = None):
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=peer, **extra)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # not a proxy of ours
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),  # the left part is the visitor's own invention
        ("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8:aa::1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", ""),
    ],
)
def test_hops_are_believed_as_far_as_they_are_trusted(settings, peer: str, forwarded: str | None, client: str) -> None:
    settings.TRUSTED_PROXIES = PROXIES

    assert client_address(request_from(peer, forwarded)) == client


def test_without_trusted_proxies_nobody_is_believed(settings) -> None:
    settings.TRUSTED_PROXIES = []

    assert client_address(request_from("10.0.0.1", "198.51.100.7")) == "10.0.0.1"


def test_an_ipv6_household_is_one_group() -> None:
    assert address_group(request_from("2001:db8:1:2:3::4")) == "2001:db8:1:2::/64"
    assert address_group(request_from("192.0.2.1")) == "192.0.2.1"


def test_forwarded_headers_of_strangers_are_forgotten(settings) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    seen = []
    middleware = ForwardedHeadersMiddleware(lambda request: seen.append(request.META.get("HTTP_X_FORWARDED_PROTO")))

    for peer in ("192.0.2.1", "10.0.0.1"):
        middleware(RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https"))

    assert seen == [None, "https"]


def test_a_wrong_network_speaks_at_start_up(settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/99"]

    assert [check.id for check in run_checks() if check.id == "micdots.E102"] == ["micdots.E102"]
