"""How often an account or an address may do something.

``settings.RATE_LIMITS`` names the limits (``{"login": "10/m"}``); ``RATE_LIMIT_LOGIN=10/m`` in the environment sets one
and ``RATE_LIMITS=off`` lifts all. A window begins with the first call in it. Counters are in the database, or in Redis
where there is one, so that they hold across processes.

In an API view a limit is a word of ``@endpoint(limits=["login"])``. In a page::

    @limited("login", methods=["POST"])
    def sign_in(request): ...

and for anything else, such as attempts on one e-mail address, ``enforce(request, "login", email)``.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from micdots.api.models import RateCounter
from micdots.lib.client_address import address_group
from micdots.lib.errors import RateLimited

logger = logging.getLogger(__name__)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Rate:
    calls: int
    seconds: int  # length of the window


@dataclass(frozen=True)
class State:
    """Where a limit stands after a call was counted.

    Attributes:
        name: the limit.
        rate: None where the limit is lifted.
        used: calls in this window, this one included.
        reset_seconds: until the window ends, at least 1.
    """

    name: str
    rate: Rate | None = None
    used: int = 0
    reset_seconds: int = 1

    @property
    def allowed(self) -> bool:
        return self.rate is None or self.used <= self.rate.calls

    @property
    def remaining(self) -> int:
        return max(0, self.rate.calls - self.used) if self.rate else 0


@lru_cache(maxsize=256)
def parse_rate(text: str) -> Rate | None:
    """``10/m`` (ten a minute), ``5/15m``, ``100/h``, ``1000/d``, ``3/s``; ``off`` for no limit: None.

    Raises:
        ValueError: it is none of these.
    """
    if text.strip().lower() == "off":
        return None
    match = re.fullmatch(r"\s*([1-9][0-9]{0,8})/([1-9][0-9]{0,4})?([smhd])\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is not a rate such as 10/m")
    return Rate(calls=int(match[1]), seconds=int(match[2] or 1) * _SECONDS[match[3]])


def hit(name: str, key: str) -> State:
    """Count one call and say where the limit stands; whoever calls decides what a refusal looks like.

    Args:
        name: a name of ``settings.RATE_LIMITS``.
        key: whom it counts against: an address, an account's id, an e-mail address. Only a digest of it is stored.
    """
    return hit_all([name], key)[0]


def hit_all(names: Sequence[str], key: str) -> list[State]:
    """Count one call against several limits at once: as ``hit``, in one round to where the counters are."""
    rates = {name: parse_rate(settings.RATE_LIMITS[name]) if settings.RATE_LIMITS_ENABLED else None for name in names}
    digests = {name: _digest(name, key) for name, rate in rates.items() if rate is not None}
    counted = _count({digests[name]: rate for name, rate in rates.items() if rate is not None})
    states = []
    for name, rate in rates.items():
        if rate is None:
            states.append(State(name))
        else:
            used, milliseconds = counted[digests[name]]
            states.append(State(name, rate, used, max(1, math.ceil(milliseconds / 1000))))
    return states


def enforce(request: HttpRequest, name: str, key: str | None = None) -> State:
    """Count one call of this request, to be shown in its ``RateLimit`` fields.

    Args:
        request: the request that is answered; a REST framework request does as well.
        name: a name of ``settings.RATE_LIMITS``.
        key: whom it counts against; by default the address that the request came from.

    Raises:
        RateLimited: too many.
    """
    return enforce_all(request, [name], key)[0]


def enforce_all(request: HttpRequest, names: Sequence[str], key: str | None = None) -> list[State]:
    """Count one call of this request against several limits; as ``enforce``."""
    request = getattr(request, "_request", request)
    states = hit_all(names, key if key is not None else f"address {address_group(request)}")
    request.__dict__.setdefault("rate_limit_states", []).extend(state for state in states if state.rate is not None)
    refused = [state.reset_seconds for state in states if not state.allowed]
    if refused:
        raise RateLimited(retry_after=max(refused))
    return states


def refuse_if_used_up(request: HttpRequest, name: str, key: str) -> None:
    """Refuse where a limit is used up already, without counting: for what counts only when it goes wrong.

    The caller counts with ``enforce`` after that. Of calls at the same moment all those get through that were looked at
    before the first one was counted, and no more.

    Args:
        request, name, key: as ``enforce``.

    Raises:
        RateLimited: as many as are allowed have been counted.
    """
    rate = parse_rate(settings.RATE_LIMITS[name]) if settings.RATE_LIMITS_ENABLED else None
    if rate is None:
        return
    used, milliseconds = _look(_digest(name, key)) or (0, rate.seconds * 1000)
    state = State(name, rate, used, max(1, math.ceil(milliseconds / 1000)))
    request = getattr(request, "_request", request)
    request.__dict__.setdefault("rate_limit_states", []).append(state)
    if used >= rate.calls:
        raise RateLimited(retry_after=state.reset_seconds)


def limited(
    name: str, *, key: Callable[[HttpRequest], str] | None = None, methods: Sequence[str] | None = None
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Limit a Django page. Above the limit it raises ``RateLimited``, which becomes a 429 page.

    Args:
        name: a name of ``settings.RATE_LIMITS``.
        key: whom it counts against; by default the address.
        methods: count only these.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def call(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if methods is None or request.method in methods:
                enforce(request, name, key(request) if key else None)
            return view(request, *args, **kwargs)

        return call

    return decorate


def header_fields(states: Sequence[State]) -> dict[str, str]:
    """``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers); empty where there is no limit."""
    tightest: dict[str, State] = {}
    for state in states:
        # One limit may count a call twice, against the address and against the account that is signed in to.
        if state.rate and (state.name not in tightest or state.remaining < tightest[state.name].remaining):
            tightest[state.name] = state
    policies = [f'"{at.name}";q={at.rate.calls};w={at.rate.seconds}' for at in tightest.values() if at.rate]
    now = [f'"{at.name}";r={at.remaining};t={at.reset_seconds}' for at in tightest.values()]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(now)} if now else {}


def purge_counters() -> int:
    """Delete counters whose window is over; says how many."""
    return RateCounter.objects.filter(resets_at_ms__lt=_now_ms()).delete()[0]


def _now_ms() -> int:
    return int(time.time() * 1000)


def _digest(name: str, key: str) -> str:
    # Keyed, because addresses and e-mail addresses could be guessed from a plain digest.
    return hmac.new(settings.SECRET_KEY.encode(), f"{name}:{key}".encode(), hashlib.sha256).hexdigest()[:40]


def _count(wanted: Mapping[str, Rate]) -> dict[str, tuple[int, int]]:
    """Count one call for each digest; gives calls and milliseconds left."""
    if not wanted:
        return {}
    if settings.REDIS_URL:
        try:
            return _count_in_redis(wanted)
        except redis.RedisError:
            logger.exception("Redis did not count; the database does")
    return _count_in_database(wanted)


def _look(digest: str) -> tuple[int, int] | None:
    """Calls counted and milliseconds left; None where no window is open."""
    if settings.REDIS_URL:
        try:
            with _redis(settings.REDIS_URL).pipeline(transaction=True) as pipe:
                pipe.get(f"{settings.REDIS_PREFIX}limit:{digest}")
                pipe.pttl(f"{settings.REDIS_PREFIX}limit:{digest}")
                used, left = pipe.execute()
            return None if used is None else (int(used), left)
        except redis.RedisError:
            logger.exception("Redis did not say what it counted; the database does")
    now = _now_ms()
    row = RateCounter.objects.filter(key=digest, resets_at_ms__gt=now).values_list("used", "resets_at_ms").first()
    return None if row is None else (row[0], row[1] - now)


def _count_in_database(wanted: Mapping[str, Rate]) -> dict[str, tuple[int, int]]:
    """One statement, so that no two processes read the same figure, and always in the same order, so that no two wait
    for each other.
    """
    now = _now_ms()
    table = RateCounter._meta.db_table
    rows = sorted(wanted)
    source = "VALUES " + ", ".join(["(%s, 1, %s)"] * len(rows))
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        # A counter that a crash of the database sets back by a moment is no loss: its commit waits for no disk. The
        # setting lasts for this one statement's transaction.
        counted = ", ".join(["(%s, 1, %s::bigint)"] * len(rows))
        quick = "SELECT set_config('synchronous_commit', 'off', true) AS mode"
        source = f"SELECT counted.* FROM (VALUES {counted}) counted, ({quick}) quick WHERE mode IS NOT NULL"  # noqa: S608 - placeholders alone
    sql = f"""
        INSERT INTO {table} (key, used, resets_at_ms) {source}
        ON CONFLICT (key) DO UPDATE SET
            used = CASE WHEN {table}.resets_at_ms <= %s THEN 1 ELSE {table}.used + 1 END,
            resets_at_ms = CASE WHEN {table}.resets_at_ms <= %s THEN excluded.resets_at_ms ELSE {table}.resets_at_ms END
        RETURNING key, used, resets_at_ms
    """
    values = [value for key in rows for value in (key, now + wanted[key].seconds * 1000)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, now, now])
        return {key: (used, resets_at - now) for key, used, resets_at in cursor.fetchall()}


@lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def _count_in_redis(wanted: Mapping[str, Rate]) -> dict[str, tuple[int, int]]:
    with _redis(settings.REDIS_URL).pipeline(transaction=True) as pipe:
        for key, rate in wanted.items():
            name = f"{settings.REDIS_PREFIX}limit:{key}"
            pipe.set(name, 0, px=rate.seconds * 1000, nx=True)
            pipe.incr(name)
            pipe.pttl(name)
        answers = pipe.execute()
    return {key: (answers[3 * at + 1], answers[3 * at + 2]) for at, key in enumerate(wanted)}
