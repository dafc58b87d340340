"""Reads: what lists contain, and that the database and Python agree on a dot's status."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from generations import access, selectors, services
from generations.models import Dot, Voice
from micdots.lib.errors import NotFound
from tests.factories import make_dot, make_generation, make_user, make_voice

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SPAN = st.none() | st.integers(-3, 3)


class StatusLadder(TestCase):
    """``Dot.status_at`` and ``DotQuerySet.with_status`` are one ladder, written twice."""

    @hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        deleted=st.booleans(),
        blocked=st.booleans(),
        plays=st.booleans(),
        active=st.booleans(),
        starts=SPAN,
        lasts=st.none() | st.integers(1, 3),
        ends=SPAN,
        most=st.none() | st.integers(1, 2),
        played=st.integers(0, 3),
    )
    def test_both_say_the_same_of_any_dot(self, deleted, blocked, plays, active, starts, lasts, ends, most, played):
        if starts is not None and ends is not None:
            ends = starts + (lasts or 1)
        owner = make_user()
        dot = make_dot(
            owner=owner,
            deleted_at=NOW if deleted else None,
            blocked_at=NOW if blocked else None,
            is_active=active,
            starts_at=None if starts is None else NOW + timedelta(hours=starts),
            expires_at=None if ends is None else NOW + timedelta(hours=ends),
            max_plays=most,
            plays_count=played,
        )
        if plays:
            make_generation(owner=owner, dot=dot, status="ready", voice=make_voice())

        said = dot.status_at(NOW)

        found = [status for status in Dot.Status.values if Dot.objects.filter(pk=dot.pk).with_status(status, NOW)]
        assert found == [said]


def test_an_unknown_status_finds_nothing(alice):
    make_dot(owner=alice)
    assert not Dot.objects.all().with_status("nonsense", NOW).exists()


def test_a_status_uses_what_was_prefetched(alice, django_assert_num_queries):
    make_generation(owner=alice, status="ready")
    dots = list(selectors.dots_for(alice))
    with django_assert_num_queries(0):
        assert [dot.status for dot in dots] == ["live"]


def test_voices_come_by_language_then_name_and_only_the_available():
    make_voice(key="espeak:fr", language="fr", label="French")
    make_voice(key="espeak:en-us", language="en-US", label="English (America)")
    make_voice(key="espeak:en-gb-f1", label="English (Great Britain), f1")
    make_voice()
    make_voice(key="espeak:gone", is_available=False)
    assert [voice.key for voice in selectors.voices()] == [
        "espeak:en-gb",
        "espeak:en-gb-f1",
        "espeak:en-us",
        "espeak:fr",
    ]


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"language": "es"}, ["espeak:es", "espeak:es-419"]),
        ({"language": "ES-419"}, ["espeak:es-419"]),
        ({"language": "e"}, []),
        ({"engine": "studio"}, ["studio:anna"]),
        ({"kind": "human"}, ["studio:anna"]),
        ({"query": "latin america"}, ["espeak:es-419"]),
        ({"query": "studio"}, ["studio:anna"]),
        ({"query": "est"}, ["espeak:et"]),
        ({"query": "%"}, []),
    ],
)
def test_voices_are_narrowed(filters, keys):
    make_voice(key="espeak:es", language="es", label="Spanish (Spain)")
    make_voice(key="espeak:es-419", language="es-419", label="Spanish (Latin America)")
    make_voice(key="espeak:et", language="et", label="Estonian")
    make_voice(key="studio:anna", language="de", label="Anna", kind=Voice.Kind.HUMAN)
    assert [voice.key for voice in selectors.voices(**filters)] == keys


def test_lists_hold_what_is_the_accounts_own(alice, charlie, voice):
    generation = make_generation(owner=alice)
    assert list(selectors.generations_for(alice)) == [generation]
    assert list(selectors.dots_for(alice)) == [generation.dot]
    assert list(selectors.generations_for(charlie)) == []
    assert list(selectors.dots_for(charlie)) == []
    assert list(selectors.generations_for(charlie, dot=generation.dot)) == []


def test_somebody_elses_row_is_not_there(alice, charlie, voice):
    generation = make_generation(owner=alice)
    assert access.generation_for(alice, generation.public_id) == generation
    assert access.dot_for(alice, generation.dot.public_id) == generation.dot
    assert access.dot_by_code_for(alice, generation.dot.code.lower()) == generation.dot
    for look in (
        lambda: access.generation_for(charlie, generation.public_id),
        lambda: access.dot_for(charlie, generation.dot.public_id),
        lambda: access.dot_by_code_for(charlie, generation.dot.code),
    ):
        with pytest.raises(NotFound):
            look()


def test_what_was_purged_is_not_there(alice, voice, settings):
    settings.DELETED_DOT_DAYS = 0
    dot = make_dot(owner=alice)
    services.delete_dot(dot=dot)
    assert access.dot_for(alice, dot.public_id) == dot
    services.purge_deleted_dots()
    with pytest.raises(NotFound):
        access.dot_for(alice, dot.public_id)


def test_generations_are_narrowed(alice, voice):
    old = make_generation(owner=alice, status="ready", created_at=NOW - timedelta(days=2))
    type(old).objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=2))
    new = make_generation(owner=alice, language="de")
    for narrowed, rows in (
        ({"status": "ready"}, [old]),
        ({"language": "en"}, [old]),
        ({"language": "de"}, [new]),
        ({"dot": new.dot}, [new]),
        ({"created_after": NOW - timedelta(days=1)}, [new]),
        ({"created_before": NOW - timedelta(days=1)}, [old]),
        ({"status": "ready", "language": "de"}, []),
    ):
        assert list(selectors.generations_for(alice, **narrowed)) == rows, narrowed


def test_dots_are_narrowed(alice, voice):
    live = make_generation(owner=alice, status="ready").dot
    services.update_dot(dot=live, changes={"tags": ["water", "market"]})
    making = make_dot(owner=alice)
    binned = make_dot(owner=alice)
    services.delete_dot(dot=binned)
    for narrowed, rows in (
        ({}, [live, making]),
        ({"deleted": False}, [live, making]),
        ({"deleted": True}, [binned]),
        ({"status": "deleted"}, [binned]),
        ({"status": "live"}, [live]),
        ({"status": "making"}, [making]),
        ({"status": "live", "deleted": True}, []),
        ({"tag": "water"}, [live]),
        ({"tag": "wat"}, []),
        ({"language": "en"}, [live]),
        ({"language": "en-GB"}, [live]),
        ({"language": "de"}, []),
    ):
        assert sorted(dot.pk for dot in selectors.dots_for(alice, **narrowed)) == [dot.pk for dot in rows], narrowed


def test_lists_leave_texts_in_the_database(alice, voice):
    generation = make_generation(owner=alice, status="ready")
    replacing = make_generation(owner=alice, replaces=generation)
    listed = selectors.generations_for(alice).get(pk=replacing.pk)
    assert {"captions", "peaks", "search_text"} <= listed.get_deferred_fields()
    assert "search_text" in listed.dot.get_deferred_fields()
    assert {"text", "captions", "peaks", "search_text"} <= listed.replaces.get_deferred_fields()
    dot = selectors.dots_for(alice).get(pk=generation.dot_id)
    assert "search_text" in dot.get_deferred_fields()
    assert "text" in dot.renditions.all()[0].generation.get_deferred_fields()
