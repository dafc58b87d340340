"""Which addresses a phone can open."""

import pytest

from micdots.lib.site_address import Reach, is_reachable_by_phones, reach_of


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://dots.localhost",
        "http://[::1]:8000",
        "http://0.0.0.0",
        "",
    ],
)
def test_an_address_on_this_machine_is_opened_by_no_phone(url):
    assert reach_of(url) is Reach.THIS_MACHINE
    assert not is_reachable_by_phones(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.20:8000",
        "http://10.0.0.7",
        "http://172.16.4.4",
        "http://169.254.3.2",
        "http://[fd00::1]",
        "http://museum.local",
        "http://server:8000",
        "http://dots.fritz.lan.",
    ],
)
def test_an_address_of_a_private_network_is_opened_in_that_network_only(url):
    assert reach_of(url) is Reach.SAME_NETWORK
    assert not is_reachable_by_phones(url)


@pytest.mark.parametrize(
    "url", ["https://dots.example.org", "HTTPS://DOTS.EXAMPLE.ORG", "http://9.9.9.9", "http://[2620:fe::fe]"]
)
def test_a_public_address_is_opened_by_every_phone(url):
    assert reach_of(url) is Reach.EVERYWHERE
    assert is_reachable_by_phones(url)
