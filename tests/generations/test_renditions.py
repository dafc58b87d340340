"""Which version a dot plays: the newest that was asked for and is ready, in each language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generations import lifecycle, renditions, services
from generations.models import Dot, Generation, Rendition
from micdots.lib.errors import Conflict
from tests.factories import make_dot, make_generation, make_ready_generation, make_voice
from uploads.storage import store

pytestmark = pytest.mark.django_db

SOUND = lifecycle.Sound(duration_ms=1_200, captions="WEBVTT\n", peaks=[])


def finish(generation: Generation) -> None:
    claimed = lifecycle.claim(generation.pk)
    key = f"audio/2026/11/{generation.pk}.mp3"
    assert lifecycle.finish(claimed, lifecycle.Result(audio_key=key, audio_bytes=1, sound=SOUND))


def plays(dot: Dot) -> dict[str, Generation]:
    return {row.language: row.generation for row in Rendition.objects.filter(dot=dot).select_related("generation")}


def test_the_old_version_plays_until_the_new_one_is_ready(alice, voice):
    dot = make_dot(owner=alice)
    old = services.request_generation(owner=alice, text="Old.", dot=dot)
    finish(old)
    new = services.request_generation(owner=alice, text="New.", dot=dot)
    assert plays(dot) == {"en-GB": old}
    lifecycle.claim(new.pk)
    assert plays(dot) == {"en-GB": old}
    assert dot.status == "live"


def test_whichever_is_ready_first_the_later_wish_wins(alice, voice):
    dot = make_dot(owner=alice)
    older, newer = (services.request_generation(owner=alice, text=text, dot=dot) for text in ("One.", "Two."))
    finish(newer)
    assert plays(dot) == {"en-GB": newer}
    finish(older)
    assert plays(dot) == {"en-GB": newer}


def test_of_two_with_the_same_time_the_one_that_came_later_wins(alice, voice):
    dot, now = make_dot(owner=alice), timezone.now()
    first, second = (make_generation(owner=alice, dot=dot, text=text) for text in ("One.", "Two."))
    Generation.objects.filter(dot=dot).update(created_at=now)
    finish(second)
    finish(first)
    assert plays(dot) == {"en-GB": second}


def test_a_newer_one_that_fails_changes_nothing(alice, voice):
    dot = make_dot(owner=alice)
    old = services.request_generation(owner=alice, text="Old.", dot=dot)
    finish(old)
    new = services.request_generation(owner=alice, text="New.", dot=dot)
    lifecycle.fail(lifecycle.claim(new.pk), "TIMEOUT")
    assert plays(dot) == {"en-GB": old}


def test_each_language_plays_its_own(alice, voice):
    german = make_voice(key="espeak:de", language="de")
    dot = make_dot(owner=alice)
    english = services.request_generation(owner=alice, text="Hello.", dot=dot)
    deutsch = services.request_generation(owner=alice, text="Hallo.", dot=dot, voice_key=german.key)
    finish(deutsch)
    dot.refresh_from_db()
    assert dot.default_language == "de"  # the first that there was
    finish(english)
    dot.refresh_from_db()
    assert plays(dot) == {"de": deutsch, "en-GB": english}
    assert dot.default_language == "de"


def test_deleting_what_plays_lets_the_newest_older_one_take_over(alice, voice):
    dot = make_dot(owner=alice)
    versions = [make_generation(owner=alice, dot=dot, text=f"Version {n}.", status="ready") for n in range(3)]
    make_generation(owner=alice, dot=dot, text="A failure.", status="failed")

    services.delete_generation(generation=versions[2])
    assert plays(dot) == {"en-GB": versions[1]}
    services.delete_generation(generation=versions[0])
    assert plays(dot) == {"en-GB": versions[1]}
    services.delete_generation(generation=versions[1])
    assert plays(dot) == {}
    assert Dot.objects.get(pk=dot.pk).status == "making"


def test_a_dot_that_loses_its_default_language_takes_the_oldest_other(alice, voice):
    dot = make_dot(owner=alice)
    start = timezone.now() - timedelta(hours=1)
    rows = {
        language: make_generation(owner=alice, dot=dot, language=language, status="ready", created_at=start)
        for language in ("en-GB", "fr", "de")
    }
    services.update_dot(dot=dot, changes={"default_language": "fr"})
    services.delete_generation(generation=rows["fr"])
    assert Dot.objects.get(pk=dot.pk).default_language == "en-GB"


def test_deleting_takes_the_object_and_tells(alice, django_capture_on_commit_callbacks):
    generation = make_ready_generation(owner=alice)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_generation(generation=generation)
    assert store().stat(generation.audio_key) is None
    assert not Generation.objects.exists()
    services.delete_generation(generation=generation)  # again: nothing left to do


@pytest.mark.parametrize("status", ["queued", "processing"])
def test_what_is_running_is_not_deleted(alice, status):
    generation = make_generation(owner=alice, status=status)
    with pytest.raises(Conflict):
        services.delete_generation(generation=generation)
    assert Generation.objects.exists()


def test_electing_twice_is_electing_once(alice, voice):
    generation = make_generation(owner=alice, status="ready")
    first = Rendition.objects.get()
    renditions.elect(generation.dot, "en-GB")
    assert Rendition.objects.get() == first
    assert renditions.elect(generation.dot, "fr") is None
