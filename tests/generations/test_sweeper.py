"""What is found again, and what is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from generations import lifecycle, pipeline, services, sweeper, tasks
from generations.models import Generation
from generations.sweeper import Swept
from tests.factories import make_generation, make_ready_generation
from uploads.storage import new_key, store

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(hours=1)


def row(generation: Generation) -> Generation:
    return Generation.objects.get(pk=generation.pk)


def run_out(generation: Generation) -> None:
    Generation.objects.filter(pk=generation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_what_a_killed_worker_left_is_queued_again_and_finished_by_the_next(alice, voice, bells):
    generation = services.request_generation(owner=alice, text="Hello there.")
    assert lifecycle.claim(generation.pk) is not None  # and nothing more is heard of it
    run_out(generation)

    assert sweeper.sweep() == Swept(taken_back=1)

    assert (row(generation).status, row(generation).losses, row(generation).failures) == ("queued", 1, 0)
    assert bells == [("fulfil", generation.pk, 0)]
    pipeline.fulfil(generation.pk)
    assert row(generation).status == "ready"
    assert User.objects.get(pk=alice.pk).token_balance == 10_000 - len("Hello there.")


def test_a_worker_that_holds_its_lease_is_left_alone(alice, bells):
    generation = make_generation(owner=alice)
    lifecycle.claim(generation.pk)
    assert sweeper.sweep() == Swept()
    assert row(generation).status == "processing"
    assert bells == []


def test_a_text_that_no_worker_survives_is_given_up(alice, voice, bells, settings):
    settings.GENERATION_MAX_LOSSES = 3
    generation = services.request_generation(owner=alice, text="Hello there.")

    given_up = 0
    for _worker in range(3):
        assert lifecycle.claim(generation.pk) is not None
        run_out(generation)
        given_up += sweeper.sweep().given_up

    assert given_up == 1
    failed = row(generation)
    assert (failed.status, failed.error_code, failed.is_refunded) == ("failed", "INTERNAL_ERROR", True)
    assert User.objects.get(pk=alice.pk).token_balance == 10_000
    assert lifecycle.claim(generation.pk) is None


def test_a_retry_begins_with_clean_counters(alice, voice, settings):
    settings.GENERATION_MAX_LOSSES = 1
    generation = services.request_generation(owner=alice, text="Hello there.")
    lifecycle.claim(generation.pk)
    run_out(generation)
    sweeper.sweep()
    again = services.retry_generation(generation=row(generation))
    assert (again.losses, again.failures, again.attempt) == (0, 0, 2)


def test_what_nobody_came_for_is_rung_for_again(alice, bells, settings):
    settings.GENERATION_QUEUE_PATIENCE_SECONDS = 60
    waiting = make_generation(owner=alice, rung_at=timezone.now() - timedelta(seconds=61))
    make_generation(owner=alice, rung_at=timezone.now() - timedelta(seconds=59))

    assert sweeper.sweep() == Swept(rung_again=1)
    assert bells == [("fulfil", waiting.pk, 0)]
    assert sweeper.sweep() == Swept()  # the bell was just rung


def test_what_waits_for_its_next_try_is_not_rung_for(alice, bells):
    now = timezone.now()
    make_generation(owner=alice, rung_at=now - LONG_AGO, not_before=now + timedelta(minutes=5))
    assert sweeper.sweep() == Swept()
    assert bells == []


@pytest.mark.parametrize("status", ["queued", "processing"])
@pytest.mark.parametrize("awaiting", ["studio", "recording", "approval"])
def test_what_awaits_a_person_is_left_alone(alice, bells, status, awaiting):
    past = timezone.now() - LONG_AGO
    lease = {"lease_until": past, "lease_token": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}
    for leased in ({}, lease):
        make_generation(
            owner=alice, status=status, awaiting=awaiting, rung_at=past, not_before=past, created_at=past, **leased
        )
    before = list(Generation.objects.order_by("pk").values())

    assert sweeper.sweep() == Swept()
    for generation in Generation.objects.all():
        assert pipeline.fulfil(generation.pk) is None

    assert list(Generation.objects.order_by("pk").values()) == before
    assert bells == []


def test_a_long_queue_is_not_filled_with_bells(alice, bells, monkeypatch):
    monkeypatch.setattr(sweeper, "AT_MOST", 3)
    past = timezone.now() - LONG_AGO
    rows = [make_generation(owner=alice, rung_at=past, not_before=past + timedelta(seconds=n)) for n in range(5)]

    assert sweeper.sweep().rung_again == 3
    assert [pk for _task, pk, _after in bells] == [generation.pk for generation in rows[:3]]
    assert sweeper.sweep().rung_again == 2


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_an_ended_run_left_in_the_storage_is_removed(alice, status, django_capture_on_commit_callbacks):
    key = new_key("audio", "mp3")
    store().put(key, b"half of it", "audio/mpeg")
    generation = make_generation(
        owner=alice, status=status, audio_key=key, finished_at=timezone.now() - timedelta(minutes=5)
    )

    with django_capture_on_commit_callbacks(execute=True):
        assert sweeper.sweep() == Swept(cleared=1)

    assert row(generation).audio_key == ""
    assert store().stat(key) is None


def test_what_has_only_just_ended_keeps_its_key_for_the_worker_that_may_still_write(alice):
    generation = make_generation(
        owner=alice, status="cancelled", audio_key=new_key("audio", "mp3"), finished_at=timezone.now()
    )
    assert sweeper.sweep() == Swept()
    assert row(generation).audio_key


def test_ready_objects_are_left_alone(alice, django_capture_on_commit_callbacks):
    generation = make_ready_generation(owner=alice)
    Generation.objects.filter(pk=generation.pk).update(finished_at=timezone.now() - LONG_AGO)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweeper.sweep() == Swept()
    assert store().stat(generation.audio_key) is not None


def test_the_task_sweeps(alice, bells):
    make_generation(owner=alice, rung_at=timezone.now() - LONG_AGO)
    tasks.sweep()
    assert len(bells) == 1


def test_a_sweep_of_nothing_asks_little_and_does_not_grow_with_history(alice, django_assert_num_queries):
    for status in ("ready", "failed", "cancelled"):
        make_generation(owner=alice, status=status, finished_at=timezone.now() - LONG_AGO)
    with django_assert_num_queries(3):
        sweeper.sweep()
