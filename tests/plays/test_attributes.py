"""What is written down of a visitor: coarse, from short lists, and never an error."""

from __future__ import annotations

import logging

import pytest

from plays.attributes import Attributes, attributes_of
from tests.plays.places import write_places

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


def attributes(**what: str) -> Attributes:
    return attributes_of(**{"user_agent": "", "network": "", "referrer": "", "own_host": "dots.example.org", **what})


@pytest.mark.parametrize(
    ("user_agent", "device", "system", "browser"),
    [
        (SAFARI, "phone", "iOS", "Safari"),
        (SAFARI.replace("Version/17.5", "CriOS/126.0.6478.54"), "phone", "iOS", "Chrome"),
        (SAFARI.replace("Version/17.5", "FxiOS/127.0"), "phone", "iOS", "Firefox"),
        (
            "Mozilla/5.0 (iPad; CPU OS 12_5_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 "
            "Mobile/15E148 Safari/604.1",
            "tablet",
            "iOS",
            "Safari",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
            "phone",
            "Android",
            "Chrome",
        ),
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/126.0 Safari/537.36", "tablet", "Android", "Chrome"),
        (
            f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36",
            "phone",
            "Android",
            "Samsung Internet",
        ),
        ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "phone", "Android", "Firefox"),
        ("Mozilla/5.0 (Android 14; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0", "tablet", "Android", "Firefox"),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "desktop",
            "Windows",
            "Edge",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
            "Safari/605.1.15",
            "desktop",
            "macOS",
            "Safari",
        ),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko Firefox/127.0", "desktop", "Linux", "Firefox"),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
            "desktop",
            "ChromeOS",
            "Chrome",
        ),
        ("Mozilla/5.0 (Mobile; KAIOS/3.0; rv:84.0) Gecko/84.0 Firefox/84.0 KAIOS/3.0", "phone", "KaiOS", "Firefox"),
        ("Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12", "phone", "Android", "Opera Mini"),
        (f"Mozilla/5.0 (Web0S; Linux/SmartTV) {WEBKIT} Chrome/79.0.3945.79 Safari/537.36", "tv", "webOS", "Chrome"),
        ("Mozilla/5.0 (PlayStation 5 3.03/SmartTV) AppleWebKit/605.1.15", "console", "PlayStation", "other"),
        ("okhttp/4.12.0", "other", "other", "other"),
        ("", "", "", ""),
    ],
)  # fmt: skip
def test_browsers_get_short_names(user_agent, device, system, browser):
    found = attributes(user_agent=user_agent)

    assert (found.device, found.system, found.browser) == (device, system, browser)


def test_a_forged_name_of_ten_kilobytes_makes_no_value_of_its_own():
    for forged in ("Evil\x00\n<b>/1.0 " * 1000, "Firefox/1" + "9" * 10_000, "\udcff" * 10_000, "(((" * 4000):
        found = attributes(user_agent=forged)

        assert found.device in {"phone", "tablet", "desktop", "tv", "console", "other"}
        assert found.system == "other"
        assert found.browser in {"Firefox", "other"}


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://www.Example.com/a/secret?page=1#x", "www.example.com"),
        ("https://user:password@example.com:8443/", "example.com"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://example.com./", "example.com"),
        ("android-app://com.google.android.gm/", "com.google.android.gm"),
        ("https://dots.example.org/d/7KX3M9", ""),  # our own
        ("HTTPS://DOTS.EXAMPLE.ORG/Q/7KX3M9", ""),
        ("http://192.168.1.20/intranet", ""),
        ("http://[2001:db8::1]/", ""),
        ("http://[broken", ""),
        ("http://intranet/", ""),
        ("javascript:alert(1)", ""),
        ("https://exa mple.com/", ""),
        ("https://<script>.example.com/", ""),
        ("https://" + "a" * 70 + ".example.com/", ""),
        ("https://" + "a.b" * 60 + ".example.com/", ""),
        ("https://\u2100.example/", ""),
        ("\udcff", ""),
        ("about:blank", ""),
        ("x" * 10_000, ""),
        ("", ""),
    ],
)
def test_of_a_referrer_only_a_proper_host_name_is_kept(referrer, host):
    assert attributes(referrer=referrer).referrer == host


def test_the_own_host_is_known_with_its_port():
    assert attributes(referrer="http://dots.example.org:8000/", own_host="Dots.Example.Org:8000").referrer == ""


@pytest.fixture
def places(tmp_path, settings):
    def _write(rows):
        path = write_places(tmp_path / "places.mmdb", rows)
        settings.GEO_DATABASE = str(path)

    return _write


def test_a_place_is_that_of_the_network(places):
    places(
        {
            "192.0.2.0/24": {"country": {"iso_code": "FR"}, "city": {"names": {"en": "Lyon", "fr": "Lyon"}}},
            "2001:db8:7::/48": {"country": {"iso_code": "IT"}},
            "198.51.100.0/24": {"country_code": "DE", "city": "  Köln\n am Rhein "},
            "203.0.113.0/24": {"country": "<b>", "city": {"names": {"en": "x" * 200}}},
        }
    )

    def place(network):
        found = attributes(network=network)
        return found.country, found.city

    assert place("192.0.2.0/24") == ("FR", "Lyon")
    assert place("2001:db8:7::/48") == ("IT", "")
    assert place("198.51.100.0/24") == ("DE", "Köln am Rhein")
    assert place("203.0.113.0/24") == ("", "x" * 80)
    assert place("10.0.0.0/24") == ("", "")
    assert place("") == ("", "")
    assert place("nonsense") == ("", "")


def test_without_a_database_places_are_unknown(settings):
    settings.GEO_DATABASE = ""

    assert attributes(network="192.0.2.0/24") == Attributes()


@pytest.mark.parametrize("content", [None, b"", b"this is no database"])
def test_a_database_that_is_missing_or_broken_is_told_once_and_stops_nothing(tmp_path, settings, caplog, content):
    path = tmp_path / "broken.mmdb"
    if content is not None:
        path.write_bytes(content)
    settings.GEO_DATABASE = str(path)

    with caplog.at_level(logging.WARNING, logger="plays.attributes"):
        for number in range(3):
            assert attributes(network=f"192.0.{number}.0/24").country == ""

    assert len(caplog.records) == 1
    assert str(path) in caplog.text


def test_a_database_that_is_broken_inside_stops_nothing(tmp_path, settings, caplog):
    path = write_places(tmp_path / "places.mmdb", {"192.0.2.0/24": {"country": {"iso_code": "FR"}}})
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"\xe1\x47country", b"\xff\x47country"))
    assert path.read_bytes() != whole
    settings.GEO_DATABASE = str(path)

    assert attributes(network="192.0.2.0/24").country == ""
    assert "192.0.2" not in caplog.text
