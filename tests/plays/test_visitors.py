"""Telling visitors apart within a day, and only within it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from plays import visitors
from plays.models import DailySalt
from plays.visitors import network_of, visitor_of

pytestmark = pytest.mark.django_db

NEAR_MIDNIGHT = datetime(2026, 11, 20, 23, 59, 30, tzinfo=UTC)


def request_from(address: str, **headers: str) -> dict[str, Any]:
    return {"REQUEST_METHOD": "GET", "REMOTE_ADDR": address, "HTTP_USER_AGENT": "A browser", **headers}


def key_of(address: str, dot_id: int = 1, **headers: str) -> str:
    return visitor_of(request_from(address, **headers), dot_id=dot_id, keeps_attributes=True).key


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::f77e:d3d9:0:dea4:0:0", "0:0:f77e::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
    ],
)
def test_an_address_is_cut_off_before_anything_else(address, network):
    assert network_of(address) == network


def test_one_network_and_browser_is_one_visitor_of_one_dot():
    assert key_of("192.0.2.1") == key_of("192.0.2.254") == key_of("::ffff:192.0.2.9")
    assert key_of("2001:db8:1:2::3") == key_of("2001:db8:1:ffff::1")
    others = [key_of("198.51.100.1"), key_of("192.0.2.1", 2), key_of("192.0.2.1", HTTP_USER_AGENT="Another")]
    assert len({key_of("192.0.2.1"), *others}) == 4


def test_a_proxy_is_believed_only_where_it_is_trusted(settings):
    forwarded = {"HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    assert key_of("10.0.0.1", **forwarded) == key_of("10.0.0.1")

    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert key_of("10.0.0.1", **forwarded) == key_of("198.51.100.7")
    assert key_of("203.0.113.5", **forwarded) == key_of("203.0.113.5")


def test_salts_of_other_days_leave_memory_and_tomorrows_is_there_in_time():
    visitors.keep_salts(NEAR_MIDNIGHT - timedelta(hours=1))
    assert set(visitors._salts) == {date(2026, 11, 20)}

    visitors.keep_salts(NEAR_MIDNIGHT)
    assert set(visitors._salts) == {date(2026, 11, 20), date(2026, 11, 21)}

    visitors.keep_salts(NEAR_MIDNIGHT + timedelta(minutes=1))
    assert set(visitors._salts) == {date(2026, 11, 21)}


def test_all_processes_use_the_same_salt():
    salt = visitors.salt_of(date(2026, 11, 20))
    visitors.forget()

    assert visitors.salt_of(date(2026, 11, 20)) == salt
    assert DailySalt.objects.count() == 1


def test_who_waits_for_a_page_does_not_wait_for_a_salt_to_be_made(settings):
    settings.TAKE_IN_SECONDS = 3600
    assert key_of("192.0.2.1") == ""
    assert not DailySalt.objects.exists()

    visitors.keep_salts()
    assert len(key_of("192.0.2.1")) == 64


@pytest.mark.django_db(transaction=True)
def test_without_a_salt_there_is_no_hash_and_no_error():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE plays_dailysalt RENAME TO plays_elsewhere")
    try:
        assert key_of("192.0.2.1") == ""
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE plays_elsewhere RENAME TO plays_dailysalt")
