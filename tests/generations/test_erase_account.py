"""An account that is erased: its texts and sound go, its codes are never given out again."""

from __future__ import annotations

import pytest

from accounts.erasure import erase
from accounts.ledger_check import find_faults
from accounts.models import TokenEntry
from generations import lifecycle, selectors, services
from generations.models import Dot, Generation
from tests.factories import make_ready_generation
from uploads.storage import store

pytestmark = pytest.mark.django_db


def test_everything_but_the_codes_goes_and_the_ledger_adds_up(alice, bob, django_capture_on_commit_callbacks):
    ready = make_ready_generation(owner=alice, text="A secret sentence.")
    services.update_dot(dot=ready.dot, changes={"slug": "fountain"})
    binned = make_ready_generation(owner=alice, text="Another one.")
    services.delete_dot(dot=binned.dot)
    running = services.request_generation(owner=alice, text="Still running.")
    claimed = lifecycle.claim(running.pk)
    others = make_ready_generation(owner=bob, text="Not alice's.")
    pictures = list(Dot.objects.filter(pk=ready.dot_id).values_list("qr_png_key", "qr_svg_key").get())

    with django_capture_on_commit_callbacks(execute=True):
        erase(account=alice)

    assert list(Generation.objects.all()) == [others]
    for key in (ready.audio_key, binned.audio_key, *pictures):
        assert store().stat(key) is None
    assert store().stat(others.audio_key) is not None
    for generation in (ready, binned, running):
        dot = selectors.dot_for_name(generation.dot.code)
        assert (dot.status, dot.title, dot.search_text) == ("deleted", "", "")
        assert dot.purged_at is not None
    assert selectors.dot_for_name("fountain") is None, "a slug may be somebody's name"
    assert TokenEntry.objects.filter(reference=running.public_id).count() == 2
    assert not lifecycle.renew(claimed)
    assert list(find_faults()) == []


def test_an_account_without_dots_can_be_erased(alice):
    erase(account=alice)
    assert not Dot.objects.exists()
