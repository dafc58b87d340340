"""The bin: gone in public at once, restorable for a while, then its objects and texts go for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from generations import lifecycle, pipeline, selectors, services, tasks
from generations.models import Dot, DotSlug, DotTag, Generation, Rendition
from micdots.lib.errors import Conflict
from tests.factories import make_dot, make_generation, make_ready_generation
from uploads.storage import store

pytestmark = pytest.mark.django_db


def row(dot: Dot) -> Dot:
    return Dot.objects.get(pk=dot.pk)


def lie_in_the_bin(dot: Dot, days: float) -> None:
    services.delete_dot(dot=dot)
    Dot.objects.filter(pk=dot.pk).update(deleted_at=timezone.now() - timedelta(days=days))


def test_a_deleted_dot_is_in_the_bin_at_once_and_keeps_everything(alice):
    generation = make_ready_generation(owner=alice)
    services.delete_dot(dot=generation.dot)

    dot = row(generation.dot)
    assert (dot.status, dot.purged_at) == ("deleted", None)
    assert store().stat(generation.audio_key) is not None
    assert list(selectors.dots_for(alice)) == []
    assert list(selectors.dots_for(alice, deleted=True)) == [dot]
    assert selectors.dot_for_name(dot.code) == dot


def test_deleting_twice_keeps_the_first_time(alice):
    dot = make_dot(owner=alice)
    lie_in_the_bin(dot, days=5)
    before = row(dot).deleted_at
    services.delete_dot(dot=dot)
    assert row(dot).deleted_at == before


def test_what_it_still_makes_is_cancelled_and_given_back(alice, voice):
    waiting = services.request_generation(owner=alice, text="Waiting.")
    running = services.request_generation(owner=alice, text="Running.", dot=waiting.dot)
    with_a_person = make_generation(owner=alice, dot=waiting.dot, status="processing", awaiting="recording")
    claimed = lifecycle.claim(running.pk)

    services.delete_dot(dot=waiting.dot)

    for generation in (waiting, running, with_a_person):
        assert Generation.objects.get(pk=generation.pk).status == "cancelled"
    assert User.objects.get(pk=alice.pk).token_balance == 10_000
    assert not lifecycle.renew(claimed)
    assert pipeline.fulfil(waiting.pk) is None


def test_restoring_brings_it_back_under_the_same_code(alice):
    generation = make_ready_generation(owner=alice)
    services.delete_dot(dot=generation.dot)
    restored = services.restore_dot(dot=generation.dot)
    assert (restored.code, row(restored).status) == (generation.dot.code, "live")
    with pytest.raises(Conflict):
        services.restore_dot(dot=restored)


def test_after_its_time_objects_texts_and_names_go_and_the_code_stays(
    alice, settings, django_capture_on_commit_callbacks
):
    settings.DELETED_DOT_DAYS = 30
    generation = make_ready_generation(owner=alice, text="A secret sentence.")
    dot = generation.dot
    services.update_dot(
        dot=dot,
        changes={
            "title": "Secret",
            "description": "Secret",
            "tags": ["secret"],
            "slug": "fountain",
            "password": "secret",
            "link": {"url": "https://secret.example.org"},
        },
    )
    dot = row(dot)
    lie_in_the_bin(dot, days=30.1)

    with django_capture_on_commit_callbacks(execute=True):
        tasks.purge_deleted_dots()

    for key in (generation.audio_key, dot.qr_png_key, dot.qr_svg_key):
        assert store().stat(key) is None
    assert not Generation.objects.exists()
    assert not Rendition.objects.exists()
    assert not DotTag.objects.exists()
    left = row(dot)
    assert "secret" not in str({name: value for name, value in vars(left).items() if name != "_state"}).lower()
    assert (left.code, left.status) == (dot.code, "deleted")
    assert DotSlug.objects.get().dot == left
    assert selectors.dot_for_name("fountain") == left
    assert list(selectors.dots_for(alice, deleted=True)) == []
    with pytest.raises(Conflict):
        services.restore_dot(dot=left)


def test_what_is_restored_or_young_is_not_purged(alice, settings):
    settings.DELETED_DOT_DAYS = 30
    restored, young, never = (make_dot(owner=alice) for _dot in range(3))
    lie_in_the_bin(restored, days=31)
    services.restore_dot(dot=restored)
    lie_in_the_bin(young, days=29.9)
    assert services.purge_deleted_dots() == 0
    assert not Dot.objects.exclude(purged_at=None).exists()
    assert row(never).deleted_at is None


def test_purging_twice_is_purging_once(alice, settings):
    settings.DELETED_DOT_DAYS = 30
    lie_in_the_bin(make_dot(owner=alice), days=31)
    assert services.purge_deleted_dots() == 1
    assert services.purge_deleted_dots() == 0
