"""Several processes take in at once, and somebody makes the roll-ups anew meanwhile."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from plays.figures import Scope, Span
from plays.models import Event, SpoolPosition
from plays.rebuilding import rebuild_dot
from plays.taking import take_in
from tests.factories import make_user
from tests.plays.counted_by_hand import assert_the_same, count
from tests.plays.dots import make_live_dot
from tests.plays.listening import NOON, a_play, a_record, a_scan

pytestmark = pytest.mark.django_db(transaction=True)
NOW = NOON + timedelta(hours=1)
SPAN = Span(NOON.date() - timedelta(days=3), NOON.date(), ZoneInfo("UTC"))


def at_once(*actions: Callable[[], int]) -> list[int]:
    """Run them in threads that start together."""
    barrier = threading.Barrier(len(actions))

    def work(action: Callable[[], int]) -> int:
        try:
            barrier.wait(timeout=30)
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(work, actions))


def test_a_segment_that_two_find_left_behind_is_taken_in_once():
    dot = make_live_dot(owner=make_user())
    records = [a_scan(dot, NOON - timedelta(minutes=n), visitor=f"{n % 7:064}") for n in range(200)]
    outcomes = at_once(*[lambda: take_in(records, segment="left.spool", taken_bytes=9, now=NOW)] * 4)
    assert sorted(outcomes) == [0, 0, 0, 200]
    assert SpoolPosition.objects.get().taken_bytes == 9
    assert_the_same(count(records, SPAN.zone, 3_375), Scope(dot=dot), SPAN)


def test_parts_of_the_same_visits_from_several_processes_add_up_while_they_are_made_anew():
    dot = make_live_dot(owner=make_user())
    visits = [str(uuid.uuid4()) for _number in range(40)]
    beacons = [
        [a_play(dot, NOON - timedelta(days=n % 3), visit) for n, visit in enumerate(visits)],
        [a_play(dot, NOON - timedelta(days=n % 3, seconds=-5), visit) for n, visit in enumerate(visits)],  # sent again
        [a_record("progress", dot, NOON, visit=visit, position_ms=1700, heard_ms=1700) for visit in visits],
        [a_record("complete", dot, NOON, visit=visit, position_ms=3300, heard_ms=1600) for visit in visits],
    ]
    takers = [
        lambda part=part: sum(take_in(part[start : start + 8], now=NOW) for start in range(0, 40, 8))
        for part in beacons
    ]
    at_once(*takers, lambda: rebuild_dot(dot.pk, now=NOW), lambda: rebuild_dot(dot.pk, now=NOW))

    by_hand = count([record for part in beacons for record in part], SPAN.zone, 3_375)
    assert_the_same(by_hand, Scope(dot=dot), SPAN)
    assert Event.objects.count() == 120
    dot.refresh_from_db()
    assert dot.plays_count == 40
