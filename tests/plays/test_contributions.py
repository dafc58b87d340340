"""Figures from roll-ups are figures from raw events: whatever happened, however it is delivered."""

from __future__ import annotations

import itertools
import os
import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from plays import retention
from plays.figures import Scope, Span
from plays.models import Event
from plays.rebuilding import rebuild_dot
from plays.records import Record
from plays.taking import take_in
from tests.factories import make_user
from tests.plays.counted_by_hand import assert_the_same, count
from tests.plays.dots import make_live_dot

EXAMPLES = int(os.environ.get("LISTENING_EXAMPLES", "40"))
DURATION_MS = 3_375
LANGUAGES = ("en-GB", "de-DE")
# Around midnights, and around changes of the clock: by an hour, by half an hour, at midnight.
ZONES = {
    "UTC": "2026-05-12T23:00",
    "Europe/Berlin": "2026-10-24T21:00",
    "America/New_York": "2026-03-08T03:00",
    "America/St_Johns": "2026-11-01T01:00",
    "Asia/Kolkata": "2026-06-30T17:00",
    "Australia/Lord_Howe": "2026-04-04T12:00",
    "Africa/Cairo": "2026-04-23T20:00",
    "Pacific/Apia": "2026-01-31T09:00",
}
SECONDS = st.integers(0, 3 * 24 * 3600) | st.integers(0, 40).map(lambda number: number * 900)


def happening(**more: Any) -> st.SearchStrategy[dict[str, Any]]:
    common = {"after": SECONDS, "language": st.sampled_from(LANGUAGES), "is_bot": st.sampled_from([False] * 9 + [True])}
    return st.fixed_dictionaries({**common, **more})


SCAN = happening(
    kind=st.just("scan"),
    visitor=st.sampled_from(["", "a" * 64, "b" * 64]),
    device=st.sampled_from(["", "phone", "desktop"]),
    referrer=st.sampled_from(["", "example.org"]),
    is_printed=st.booleans(),
)
IN_VISIT = happening(
    kind=st.sampled_from(["play", "progress", "complete"]),
    visit=st.sampled_from(["one", "two", "three"]),
    position_ms=st.sampled_from([0, 337, 338, 1000, 1688, 3037, 3360, 3375]),
    heard_ms=st.sampled_from([0, 1000, 3375]),
)
WITHOUT_SCRIPT = happening(kind=st.just("play"), visitor=st.sampled_from(["", "c" * 64]))
HISTORY = st.lists(SCAN | IN_VISIT | IN_VISIT | WITHOUT_SCRIPT, min_size=1, max_size=25)


class TestFigures(TestCase):
    @given(
        zone=st.sampled_from(sorted(ZONES)),
        history=HISTORY,
        chance=st.randoms(use_true_random=False),
        delay_days=st.integers(0, 11),
        is_tidied=st.booleans(),
    )
    @hypothesis_settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate]
    )
    def test_roll_ups_say_what_raw_events_say(
        self, zone: str, history: list[dict[str, Any]], chance: random.Random, delay_days: int, is_tidied: bool
    ) -> None:
        owner = make_user(timezone=zone)
        dot = make_live_dot(owner=owner, languages=LANGUAGES)
        generations = dict(dot.renditions.values_list("language", "generation_id"))
        start = datetime.fromisoformat(ZONES[zone]).replace(tzinfo=UTC)
        numbers = itertools.count()

        def new_id() -> str:  # in no order, and never the same
            return str(uuid.UUID(int=(chance.getrandbits(60) << 64) + next(numbers)))

        records = [
            Record(
                dot_id=dot.pk,
                at=start.timestamp() + happened["after"],
                generation_id=generations[happened["language"]],
                event_id=new_id(),
                **{name: value for name, value in happened.items() if name != "after"},
            )
            for happened in history
        ]
        # Beacons that a player sends again get an id of their own; lines of the spool that are read again do not.
        sent_again = [
            replace(
                record,
                event_id=new_id(),
                at=record.at + chance.choice([0, 7, 90_000]),
            )
            for record in records
            if record.visit and chance.random() < 0.3
        ]
        happened_all = [*records, *sent_again]
        deliveries = [*happened_all, *chance.sample(happened_all, len(happened_all) // 2)]
        chance.shuffle(deliveries)

        now = start + timedelta(days=5)
        end = now + timedelta(days=delay_days)
        while deliveries:
            size = chance.randint(1, 8)
            take_in(deliveries[:size], now=now)
            deliveries = deliveries[size:]
            now = min(end, now + timedelta(days=chance.choice([0, 0, 1, 4])))
            if is_tidied:
                retention.tidy(now)
        now = end

        zone_info = ZoneInfo(zone)
        by_hand = count(happened_all, zone_info, DURATION_MS)
        today = now.astimezone(zone_info).date()
        span = Span(start.date() - timedelta(days=2), today, zone_info)
        hours = Span(today - timedelta(days=7), today, zone_info, "hour")
        for _round in ("as taken in", "as made anew"):
            for scope in (Scope(dot=dot), Scope(owner=owner), Scope(dot=dot, language="de-DE")):
                assert_the_same(by_hand, scope, span, hours=hours)
            dot.refresh_from_db()
            assert dot.scans_count == sum(row["scans"] for row in by_hand.day.values())
            assert dot.plays_count == sum(row["plays"] for row in by_hand.day.values())
            assert rebuild_dot(dot.pk, now=now) <= Event.objects.filter(dot=dot).count()
