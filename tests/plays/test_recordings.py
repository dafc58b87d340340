"""What listeners get of a dot that plays a recording."""

from __future__ import annotations

import pytest

from generations.models import Generation
from tests.factories import make_generation

pytestmark = pytest.mark.django_db


def recorded(owner, **fields) -> Generation:
    values = {"text": "", "captions": "WEBVTT\n", "duration_ms": 4_000, "peaks": [10, 90], **fields}
    generation = make_generation(
        owner=owner, status=Generation.Status.READY, source="upload", is_synthetic=False, **values
    )
    Generation.objects.update(voice=None)
    return generation


def test_the_page_does_not_call_it_a_synthetic_voice(client, alice):
    dot = recorded(alice, text="Hello.", captions="WEBVTT\n\n00:00.000 --> 00:04.000\nHello.\n").dot
    shown = client.get(f"/d/{dot.code}").content.decode()
    assert "Synthetic voice" not in shown
    assert "Hello." in shown


def test_without_a_transcript_the_page_plays_all_the_same(client, alice):
    dot = recorded(alice).dot
    shown = client.get(f"/d/{dot.code}")
    assert shown.status_code == 200
    assert "transcript-title" not in shown.content.decode()
    assert client.get(f"/d/{dot.code}/captions.vtt").content.startswith(b"WEBVTT")


def test_kiosks_are_told_that_nobody_synthesised_it(client, alice):
    told = client.get(f"/api/v1/play/{recorded(alice).dot.code}").json()["data"]
    assert (told["synthetic"], told["text"]) == (False, "")
