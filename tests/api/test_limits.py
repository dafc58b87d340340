"""Limits count per account or address, across processes, and say where they stand."""

from __future__ import annotations

import threading
import time
import uuid

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.db import connection
from django.test import Client

from micdots.api import limits
from micdots.api.limits import Rate, State, header_fields, hit, parse_rate, purge_counters, refuse_if_used_up
from micdots.api.models import RateCounter
from micdots.lib.errors import RateLimited

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]
URL = "/api/v1/test/query-echo"


@pytest.fixture(autouse=True)
def _limits_are_on(settings) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "api": "3/m", "register": "2/h"}
    settings.REDIS_PREFIX = f"{uuid.uuid4()}:"  # where the suite runs on Redis, each test counts for itself


@pytest.fixture
def _in_the_database(settings) -> None:
    settings.REDIS_URL = ""


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10/m", Rate(10, 60)), ("5/15m", Rate(5, 900)), ("100/h", Rate(100, 3600)), ("1/2d", Rate(1, 172800)),
     ("3/s", Rate(3, 1)), ("off", None)],
)  # fmt: skip
def test_rates_are_read(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "10", "10/x", "0/m", "-1/m", "10/0m", "ten/m", "1.5/m"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        parse_rate(text)


def test_a_wrong_rate_speaks_at_start_up(settings) -> None:
    settings.RATE_LIMITS = {"login": "lots"}

    found = [check for check in run_checks() if check.id == "micdots.E101"]

    assert len(found) == 1
    assert "RATE_LIMIT_LOGIN" in found[0].hint


def test_calls_are_counted_shown_and_refused(client: Client) -> None:
    answers = [client.get(URL) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit"].split(";t=")[0] for answer in answers] == [
        '"api";r=2',
        '"api";r=1',
        '"api";r=0',
        '"api";r=0',
    ]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"api";q=3;w=60'}
    refused = answers[-1]
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit"].endswith(f"t={refused['Retry-After']}")
    assert refused.json()["error"]["code"] == "RATE_LIMITED"


def test_accounts_and_addresses_are_counted_apart(api, alice, bob, client: Client) -> None:
    names = "/api/v1/test/names"
    for _ in range(3):
        assert api(alice).get(names).status_code == 200

    assert api(alice).get(names).status_code == 429
    assert api(bob).get(names).status_code == 200
    assert client.get(URL, REMOTE_ADDR="192.0.2.1").status_code == 200
    assert client.get(URL, REMOTE_ADDR="192.0.2.2")["RateLimit"].startswith('"api";r=2')
    # A household has all of its /64.
    assert client.get(URL, REMOTE_ADDR="2001:db8::1")["RateLimit"].startswith('"api";r=2')
    assert client.get(URL, REMOTE_ADDR="2001:db8::2")["RateLimit"].startswith('"api";r=1')


def test_a_call_with_two_limits_shows_both(api, alice) -> None:
    response = api(alice).post("/api/v1/test/names", {"name": "x"}, format="json")

    assert response["RateLimit-Policy"] == '"api";q=3;w=60, "register";q=2;w=3600'


def test_guesses_at_credentials_count_against_their_address(client: Client) -> None:
    guesses = [client.get("/api/v1/test/names", headers={"Authorization": f"Bearer {n}"}) for n in range(4)]

    assert [guess.status_code for guess in guesses] == [401, 401, 401, 429]
    assert guesses[0]["RateLimit"].startswith('"api";r=2')


def test_bad_input_counts_too(api, alice) -> None:
    answers = [api(alice).post("/api/v1/test/names", {"name": 7}, format="json").status_code for _ in range(3)]

    assert answers == [400, 400, 429]


def test_pages_are_limited_as_well(client: Client) -> None:
    assert [client.post("/test-page").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.post("/test-page")
    assert refused["Content-Type"].startswith("text/html")
    assert refused["Retry-After"]
    assert refused["RateLimit-Policy"] == '"register";q=2;w=3600'
    assert client.get("/test-page").status_code == 200


def test_off_lifts_all(client: Client, settings) -> None:
    settings.RATE_LIMITS_ENABLED = False

    answers = [client.get(URL) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0]
    assert RateCounter.objects.count() == 0


@pytest.mark.usefixtures("_in_the_database")
def test_a_window_ends(monkeypatch) -> None:
    now = 1_000_000_000_000
    monkeypatch.setattr(limits, "_now_ms", lambda: now)
    assert [hit("api", "x").used for _ in range(2)] == [1, 2]
    now += 59_999
    assert (hit("api", "x").used, hit("api", "x").reset_seconds) == (3, 1)
    now += 1
    state = hit("api", "x")

    assert (state.used, state.remaining, state.reset_seconds, state.allowed) == (1, 2, 60, True)


@pytest.mark.usefixtures("_in_the_database")
def test_only_finished_windows_are_purged(monkeypatch) -> None:
    hit("api", "x")
    assert purge_counters() == 0
    later = limits._now_ms() + 61_000
    monkeypatch.setattr(limits, "_now_ms", lambda: later)

    assert purge_counters() == 1


@pytest.mark.usefixtures("_in_the_database")
def test_the_table_holds_no_address(client: Client) -> None:
    client.get(URL, REMOTE_ADDR="192.0.2.77")

    assert "192.0.2.77" not in RateCounter.objects.get().key


@pytest.mark.django_db(transaction=True)
def test_no_call_is_lost_when_many_count_at_once() -> None:
    barrier = threading.Barrier(8)
    seen: list[int] = []

    def count() -> None:
        try:
            barrier.wait()
            seen.extend(hit("api", "x").used for _ in range(5))
        finally:
            connection.close()

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen) == list(range(1, 41))


def test_a_limit_can_be_looked_at_without_counting(rf) -> None:
    request = rf.get("/")
    refuse_if_used_up(request, "register", "x")
    hit("register", "x")
    refuse_if_used_up(request, "register", "x")
    assert header_fields(request.rate_limit_states)["RateLimit"].startswith('"register";r=1')

    assert hit("register", "x").used == 2
    with pytest.raises(RateLimited) as raised:
        refuse_if_used_up(request, "register", "x")
    assert 3590 <= raised.value.retry_after <= 3600
    refuse_if_used_up(request, "register", "somebody else")


@pytest.mark.usefixtures("_in_the_database")
def test_a_window_that_is_over_refuses_nobody(rf, monkeypatch) -> None:
    for _ in range(2):
        hit("register", "x")
    later = limits._now_ms() + 3_600_001
    monkeypatch.setattr(limits, "_now_ms", lambda: later)

    refuse_if_used_up(rf.get("/"), "register", "x")


def test_what_is_off_refuses_nobody(rf, settings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "register": "off"}
    refuse_if_used_up(rf.get("/"), "register", "x")


def test_while_redis_is_down_the_database_is_looked_at(rf, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(2):
        hit("register", "x")
    with pytest.raises(RateLimited):
        refuse_if_used_up(rf.get("/"), "register", "x")


def test_of_one_limit_that_counted_twice_the_tighter_is_shown() -> None:
    rate = Rate(10, 60)

    fields = header_fields([State("login", rate, 3, 40), State("api", None), State("login", rate, 7, 20)])

    assert fields == {"RateLimit-Policy": '"login";q=10;w=60', "RateLimit": '"login";r=3;t=20'}


def test_nothing_limited_has_no_fields() -> None:
    assert header_fields([]) == {}


def test_while_redis_is_down_the_database_counts(settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert [hit("api", "x").used for _ in range(2)] == [1, 2]
    assert "Redis did not count" in caplog.text


@pytest.mark.services
@pytest.mark.skipif(not django_settings.REDIS_URL, reason="needs the Redis of REDIS_URL")
def test_redis_counts_in_one_window(settings) -> None:
    settings.RATE_LIMITS = {"brief": "5/1s"}
    key = str(uuid.uuid4())

    states = [hit("brief", key) for _ in range(6)]

    assert [state.used for state in states] == [1, 2, 3, 4, 5, 6]
    assert [state.allowed for state in states] == [True] * 5 + [False]
    assert {state.reset_seconds for state in states} == {1}
    assert RateCounter.objects.count() == 0
    deadline = time.monotonic() + 5
    while (state := hit("brief", key)).used > 1:
        assert time.monotonic() < deadline, "the window never ends"
    assert state.allowed
