"""The legal moves, whatever their order: an attempt is charged once, and given back once if nothing came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.ledger_check import find_faults
from accounts.models import TokenEntry, User
from generations import lifecycle, services
from generations.models import Generation
from micdots.lib.errors import Conflict
from tests.factories import make_generation, make_user, make_voice

pytestmark = pytest.mark.django_db

SOUND = lifecycle.Sound(duration_ms=1_200, captions="WEBVTT\n", peaks=[1, 2, 3])
RESULT = lifecycle.Result(audio_key="audio/2026/11/a.mp3", audio_bytes=4_000, sound=SOUND)


def claim(generation: Generation) -> Generation:
    claimed = lifecycle.claim(generation.pk)
    assert claimed is not None
    return claimed


def let_the_lease_run_out(generation: Generation) -> None:
    Generation.objects.filter(pk=generation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_claim_takes_the_row_for_the_length_of_a_lease(alice):
    before = timezone.now()
    claimed = claim(make_generation(owner=alice))

    assert (claimed.status, claimed.progress) == ("processing", 0)
    assert claimed.lease_token is not None
    assert claimed.started_at >= before
    assert before < claimed.lease_until <= timezone.now() + timedelta(seconds=settings.GENERATION_LEASE_SECONDS)


def test_of_two_claims_one_gets_it(alice):
    generation = make_generation(owner=alice)
    assert lifecycle.claim(generation.pk) is not None
    assert lifecycle.claim(generation.pk) is None


@pytest.mark.parametrize("status", ["processing", "ready", "failed", "cancelled"])
def test_only_what_is_queued_can_be_claimed(alice, status):
    assert lifecycle.claim(make_generation(owner=alice, status=status).pk) is None


def test_what_awaits_a_person_or_its_time_is_not_claimed(alice):
    for waits in ({"awaiting": "studio"}, {"not_before": timezone.now() + timedelta(seconds=30)}):
        generation = make_generation(owner=alice, **waits)
        assert lifecycle.claim(generation.pk) is None
        generation.refresh_from_db()
        assert (generation.status, generation.lease_token) == ("queued", None)


def test_a_row_that_is_gone_cannot_be_claimed(db):
    assert lifecycle.claim(4_711) is None


def test_finishing_switches_the_rendition_and_tells(alice, django_capture_on_commit_callbacks):
    from generations import signals

    heard: list[Generation] = []

    def listen(sender: type, generation: Generation, **kwargs: object) -> None:
        heard.append(generation)

    signals.generation_ready.connect(listen)
    claimed = claim(make_generation(owner=alice))
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert lifecycle.finish(claimed, RESULT)
    finally:
        signals.generation_ready.disconnect(listen)

    claimed.refresh_from_db()
    assert (claimed.status, claimed.progress, claimed.audio_bytes, claimed.duration_seconds) == (
        "ready",
        100,
        4_000,
        1.2,
    )
    assert (claimed.lease_token, claimed.lease_until) == (None, None)
    assert [row.generation for row in claimed.dot.renditions.all()] == [claimed]
    assert heard == [claimed]
    assert claimed.dot.status == "live"


def test_a_stale_worker_moves_nothing(alice):
    stale = claim(make_generation(owner=alice))
    let_the_lease_run_out(stale)
    assert lifecycle.take_from_lost_worker(stale)
    fresh = claim(stale)

    assert not lifecycle.renew(stale, progress=50)
    assert not lifecycle.put_back(stale, delay_seconds=0)
    assert not lifecycle.fail(stale, "TIMEOUT")
    assert not lifecycle.finish(stale, RESULT)
    assert not lifecycle.take_from_lost_worker(stale)
    assert not lifecycle.give_up(stale, "INTERNAL_ERROR")
    row = Generation.objects.get(pk=stale.pk)
    assert (row.status, row.progress, row.lease_token, row.losses, row.failures) == (
        ("processing", 0, fresh.lease_token, 1, 0)
    )
    assert lifecycle.finish(fresh, RESULT)


def test_a_worker_that_renewed_in_time_keeps_its_run(alice):
    claimed = claim(make_generation(owner=alice))
    seen_by_the_sweeper = Generation.objects.get(pk=claimed.pk)
    let_the_lease_run_out(claimed)
    assert lifecycle.renew(claimed)

    assert not lifecycle.take_from_lost_worker(seen_by_the_sweeper)
    assert not lifecycle.give_up(seen_by_the_sweeper, "INTERNAL_ERROR")


def test_a_try_that_may_pass_waits_its_time(alice):
    claimed = claim(make_generation(owner=alice))
    assert lifecycle.put_back(claimed, delay_seconds=20)
    row = Generation.objects.get(pk=claimed.pk)
    assert (row.status, row.failures, row.losses, row.lease_token) == ("queued", 1, 0, None)
    assert timedelta(seconds=18) < row.not_before - timezone.now() <= timedelta(seconds=20)
    assert lifecycle.claim(row.pk) is None


def test_cancelling_gives_back_and_says_so(alice, voice):
    generation = services.request_generation(owner=alice, text="Hello there.")
    claimed = claim(generation)

    cancelled = services.cancel_generation(generation=generation)

    assert (cancelled.status, cancelled.is_refunded) == ("cancelled", True)
    assert User.objects.get(pk=alice.pk).token_balance == 10_000
    assert not lifecycle.renew(claimed)
    with pytest.raises(Conflict):
        services.cancel_generation(generation=generation)
    assert TokenEntry.objects.filter(reference=generation.public_id, kind="refund").count() == 1


@pytest.mark.parametrize("status", ["ready", "failed", "cancelled"])
def test_what_has_ended_cannot_be_cancelled(alice, status):
    generation = make_generation(owner=alice, status=status)
    with pytest.raises(Conflict):
        services.cancel_generation(generation=generation)


@pytest.mark.parametrize(("awaiting", "may"), [("studio", True), ("recording", False), ("approval", False)])
def test_once_a_person_is_at_work_on_it_it_cannot_be_cancelled(alice, awaiting, may):
    seen_before = make_generation(owner=alice, awaiting="studio")
    Generation.objects.filter(pk=seen_before.pk).update(awaiting=awaiting)
    if may:
        assert services.cancel_generation(generation=seen_before).status == "cancelled"
    else:
        with pytest.raises(Conflict):
            services.cancel_generation(generation=seen_before)
        assert Generation.objects.get(pk=seen_before.pk).status == "queued"


def test_a_free_one_that_fails_has_nothing_to_give_back(alice):
    claimed = claim(make_generation(owner=alice, tokens=0))
    assert lifecycle.fail(claimed, "NO_SPEECH")
    row = Generation.objects.get(pk=claimed.pk)
    assert (row.status, row.error_code, row.is_refunded) == ("failed", "NO_SPEECH", False)
    assert User.objects.get(pk=alice.pk).token_balance == 10_000


class Lives(TestCase):
    """Any order of everything that owner, workers and sweeper can do to one generation."""

    def test_every_attempt_is_paid_once_and_given_back_unless_ready(self) -> None:
        run_state_machine_as_test(
            _Life,
            settings=hypothesis_settings(
                max_examples=25,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )


class _Life(RuleBasedStateMachine):
    """One generation, three workers that may hold an old or a present claim, its owner, and the sweeper."""

    workers = st.integers(0, 2)

    def __init__(self) -> None:
        super().__init__()
        make_voice()
        self.owner = make_user(tokens=100)
        self.generation = services.request_generation(owner=self.owner, text="Ten chars.")
        self.claims: dict[int, Generation] = {}

    def row(self) -> Generation:
        return Generation.objects.get(pk=self.generation.pk)

    @rule(worker=workers)
    def claims_it(self, worker: int) -> None:
        Generation.objects.filter(pk=self.generation.pk).update(not_before=timezone.now())
        if claimed := lifecycle.claim(self.generation.pk):
            self.claims[worker] = claimed

    @rule(worker=workers, ending=st.sampled_from(["renew", "finish", "fail", "put_back"]))
    def worker_acts(self, worker: int, ending: str) -> None:
        if claimed := self.claims.get(worker):
            held = claimed.lease_token is not None and self.row().lease_token == claimed.lease_token
            moved = {
                "renew": lambda: lifecycle.renew(claimed, progress=40),
                "finish": lambda: lifecycle.finish(claimed, RESULT),
                "fail": lambda: lifecycle.fail(claimed, "TIMEOUT"),
                "put_back": lambda: lifecycle.put_back(claimed, delay_seconds=5),
            }[ending]()
            assert moved == held

    @rule(gives_up=st.booleans())
    def sweeper_takes_it_back(self, gives_up: bool) -> None:
        seen = self.row()
        ran = seen.status == "processing"
        let_the_lease_run_out(seen)
        moved = lifecycle.give_up(seen, "INTERNAL_ERROR") if gives_up else lifecycle.take_from_lost_worker(seen)
        assert moved == ran

    @rule()
    def owner_cancels(self) -> None:
        seen = self.row()
        ran = seen.status in ("queued", "processing")
        assert lifecycle.cancel(seen) == ran

    @rule()
    def owner_retries(self) -> None:
        seen = self.row()
        if seen.status in ("failed", "cancelled"):
            services.retry_generation(generation=seen)
        else:
            with pytest.raises(Conflict):
                services.retry_generation(generation=seen)

    @invariant()
    def adds_up(self) -> None:
        row = self.row()
        entries = TokenEntry.objects.filter(reference=row.public_id)
        charged = sorted(entries.filter(kind="charge").values_list("attempt", flat=True))
        refunded = sorted(entries.filter(kind="refund").values_list("attempt", flat=True))
        ended_in_vain = row.status in ("failed", "cancelled")
        assert charged == list(range(1, row.attempt + 1))
        assert refunded == charged[: None if ended_in_vain else -1]
        assert row.is_refunded == ended_in_vain
        assert User.objects.get(pk=self.owner.pk).token_balance == (100 if ended_in_vain else 90)
        assert (row.lease_token is not None) == (row.status == "processing")
        assert row.dot.renditions.exists() == (row.status == "ready")

    def teardown(self) -> None:
        assert list(find_faults()) == []
