"""Several at once, on the real database: the order is the database's, the sums are not."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.erasure import erase
from accounts.ledger_check import find_faults
from accounts.models import TokenEntry, User
from generations import lifecycle, pipeline, services, sweeper
from generations.models import Dot, DotSlug, Generation, Rendition
from micdots.lib.errors import Conflict, InsufficientTokens, NotFound, ValidationFailed
from tests.factories import make_dot, make_generation, make_user, make_voice

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5
SOUND = lifecycle.Sound(duration_ms=1_200, captions="WEBVTT\n", peaks=[])


def result(number: int) -> lifecycle.Result:
    return lifecycle.Result(audio_key=f"audio/2026/11/{number}.mp3", audio_bytes=4_000, sound=SOUND)


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run them in threads that start together; an outcome is what each gave or raised."""
    barrier = threading.Barrier(len(actions))

    def work(action: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=30)
            return action()
        except Exception as error:  # whatever it was is the outcome, and the tests look at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(work, actions))


def row(generation: Generation) -> Generation:
    return Generation.objects.get(pk=generation.pk)


def balance(owner: User) -> int:
    return User.objects.get(pk=owner.pk).token_balance


@pytest.fixture(autouse=True)
def voice(db):
    return make_voice()


def test_of_eight_workers_one_gets_it():
    generation = make_generation(owner=make_user())
    claims = at_once(*[lambda: lifecycle.claim(generation.pk)] * 8)
    assert sum(isinstance(claim, Generation) for claim in claims) == 1, claims
    assert claims.count(None) == 7, claims


def test_a_run_that_ends_in_four_ways_at_once_ends_in_one():
    for number in range(ROUNDS):
        owner = make_user(tokens=100)
        generation = services.request_generation(owner=owner, text="Ten chars.")
        claimed = lifecycle.claim(generation.pk)
        Generation.objects.filter(pk=generation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        workers, owners, sweepers = (row(generation) for _view in range(3))

        outcomes = at_once(
            lambda own=claimed: lifecycle.finish(own, result(own.pk)),
            lambda own=workers: lifecycle.fail(own, "TIMEOUT"),
            lambda own=owners: lifecycle.cancel(own),
            lambda own=sweepers: lifecycle.give_up(own, "INTERNAL_ERROR"),
        )

        assert sorted(outcomes, key=str) == [False, False, False, True], (number, outcomes)
        ended = row(generation)
        assert balance(owner) == (90 if ended.status == "ready" else 100)
        assert ended.is_refunded == (ended.status != "ready")
        assert TokenEntry.objects.filter(reference=ended.public_id, kind="charge").count() == 1
        assert TokenEntry.objects.filter(reference=ended.public_id, kind="refund").count() == ended.is_refunded
    assert list(find_faults()) == []


def test_cancelled_by_eight_it_is_given_back_once():
    owner = make_user(tokens=100)
    generation = services.request_generation(owner=owner, text="Ten chars.")
    outcomes = at_once(*[lambda: services.cancel_generation(generation=row(generation))] * 8)
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7, outcomes
    assert balance(owner) == 100
    assert TokenEntry.objects.filter(kind="refund").count() == 1


def test_retried_by_eight_it_is_charged_once():
    owner = make_user(tokens=1_000)
    generation = services.request_generation(owner=owner, text="Ten chars.")
    services.cancel_generation(generation=generation)

    outcomes = at_once(*[lambda: services.retry_generation(generation=row(generation))] * 8)

    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7, outcomes
    assert (row(generation).attempt, balance(owner)) == (2, 990)


def test_one_form_sent_eight_times_at_once_makes_one_dot():
    owner, key = make_user(tokens=1_000), uuid.uuid4()
    outcomes = at_once(
        *[
            lambda: (
                services.request_generation(owner=User.objects.get(pk=owner.pk), text="Ten chars.", request_key=key).pk
            )
        ]
        * 8
    )
    assert len(set(outcomes)) == 1, outcomes
    assert (Generation.objects.count(), Dot.objects.count(), balance(owner)) == (1, 1, 990)


def test_eight_requests_never_spend_more_than_there_is():
    owner = make_user(tokens=35)
    outcomes = at_once(
        *[lambda: services.request_generation(owner=User.objects.get(pk=owner.pk), text="Ten chars.")] * 8
    )
    assert sum(isinstance(outcome, Generation) for outcome in outcomes) == 3, outcomes
    assert sum(isinstance(outcome, InsufficientTokens) for outcome in outcomes) == 5, outcomes
    assert (Generation.objects.count(), Dot.objects.count(), balance(owner)) == (3, 3, 5)


def test_of_four_sweepers_one_takes_the_row_back_and_one_rings(bells):
    owner = make_user()
    lost = make_generation(owner=owner)
    lifecycle.claim(lost.pk)
    past = timezone.now() - timedelta(hours=1)
    Generation.objects.filter(pk=lost.pk).update(lease_until=past)
    waiting = make_generation(owner=owner, rung_at=past)

    swept = at_once(*[sweeper.sweep] * 4)

    assert sum(each.taken_back for each in swept) == 1, swept
    assert sum(each.rung_again for each in swept) == 1, swept
    assert sorted(pk for _task, pk, _after in bells) == [lost.pk, waiting.pk]
    assert row(lost).losses == 1


def test_of_two_versions_that_finish_at_once_the_one_asked_for_last_plays():
    for number in range(ROUNDS):
        owner = make_user(tokens=100)
        older = services.request_generation(owner=owner, text="Ten chars.")
        newer = services.request_generation(owner=owner, text="Also ten.", dot=older.dot)
        claims = [lifecycle.claim(generation.pk) for generation in (older, newer)]

        outcomes = at_once(*[lambda own=claim: lifecycle.finish(own, result(own.pk)) for claim in claims])

        assert outcomes == [True, True], number
        assert [rendition.generation for rendition in Rendition.objects.filter(dot=older.dot)] == [newer]


def test_a_dot_that_is_deleted_while_its_voice_becomes_ready_adds_up():
    for number in range(ROUNDS):
        owner = make_user(tokens=100)
        generation = services.request_generation(owner=owner, text="Ten chars.")
        claimed = lifecycle.claim(generation.pk)

        finished, deleted = at_once(
            lambda own=claimed: lifecycle.finish(own, result(own.pk)),
            lambda dot=generation.dot: services.delete_dot(dot=dot),
        )

        assert isinstance(deleted, Dot), (number, deleted)
        assert row(generation).status == ("ready" if finished is True else "cancelled")
        assert balance(owner) == (90 if finished is True else 100)


def test_two_dots_want_one_name():
    owner = make_user()
    dots = [make_dot(owner=owner) for _ in range(2)]
    outcomes = at_once(*[lambda own=dot: services.update_dot(dot=own, changes={"slug": "town-hall"}) for dot in dots])
    assert sum(isinstance(outcome, Dot) for outcome in outcomes) == 1, outcomes
    assert sum(isinstance(outcome, ValidationFailed) for outcome in outcomes) == 1, outcomes
    assert DotSlug.objects.get().dot == Dot.objects.get(slug="town-hall")


def test_two_who_edit_one_dot_cannot_make_it_end_before_it_starts():
    dot = make_dot(owner=make_user())
    now = timezone.now()
    outcomes = at_once(
        lambda: services.update_dot(dot=dot, changes={"starts_at": now + timedelta(days=2)}),
        lambda: services.update_dot(dot=dot, changes={"expires_at": now + timedelta(days=1)}),
    )
    assert sum(isinstance(outcome, Dot) for outcome in outcomes) == 1, outcomes
    assert sum(isinstance(outcome, ValidationFailed) for outcome in outcomes) == 1, outcomes


def test_plays_that_are_counted_while_the_dot_is_edited_are_not_lost():
    dot = make_dot(owner=make_user())
    edits = [lambda n=n: services.update_dot(dot=dot, changes={"title": f"Title {n}"}) for n in range(4)]
    counts = [lambda: services.add_listening({dot.pk: (0, 1)})] * 4
    outcomes = at_once(*edits, *counts)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
    assert Dot.objects.get(pk=dot.pk).plays_count == 4


def test_erasing_an_account_while_everything_happens_leaves_nothing_of_it():
    for number in range(ROUNDS):
        owner = make_user(tokens=1_000)
        running = services.request_generation(owner=owner, text="Ten chars.")
        claimed = lifecycle.claim(running.pk)
        waiting = services.request_generation(owner=owner, text="Also ten.")
        finishing = services.request_generation(owner=owner, text="Ten again.")
        nearly = lifecycle.claim(finishing.pk)

        outcomes = at_once(
            lambda own=owner: erase(account=User.objects.get(pk=own.pk)),
            lambda own=owner: services.request_generation(owner=User.objects.get(pk=own.pk), text="One more."),
            lambda own=claimed: lifecycle.fail(own, "TIMEOUT"),
            lambda own=waiting: services.cancel_generation(generation=own),
            lambda own=nearly: lifecycle.finish(own, result(own.pk)),
            lambda own=finishing: services.update_dot(dot=own.dot, changes={"title": "New", "tags": ["new"]}),
        )

        assert outcomes[0] is None, (number, outcomes)
        assert outcomes[4] in (True, False), (number, outcomes)
        assert isinstance(outcomes[5], Dot | Conflict), (number, outcomes)
        assert isinstance(outcomes[1], Generation | NotFound), (number, outcomes)
        assert outcomes[2] in (True, False), (number, outcomes)
        assert isinstance(outcomes[3], Generation | Conflict), (number, outcomes)
        assert not Generation.objects.filter(owner=owner).exists()
        assert not Dot.objects.filter(owner=owner, purged_at=None).exists()
        assert balance(owner) == (990 if outcomes[4] is True else 1_000)
    assert list(find_faults()) == []


def test_two_workers_that_are_rung_at_once_speak_once():
    owner = make_user(tokens=100)
    generation = services.request_generation(owner=owner, text="Ten chars.")
    outcomes = at_once(*[lambda: pipeline.fulfil(generation.pk)] * 4)
    assert outcomes == [None] * 4
    ready = row(generation)
    assert (ready.status, ready.losses, ready.failures) == ("ready", 0, 0)
    assert balance(owner) == 90
