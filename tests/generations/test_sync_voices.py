"""The catalogue follows the engines; what staff decided stays."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from generations import services
from generations.models import Voice
from generations.services import voices as voices_service
from generations.speech.base import ENGINE_UNAVAILABLE, EngineError, VoiceInfo
from micdots.lib.language_tags import canonical_language
from tests.factories import make_voice

pytestmark = pytest.mark.django_db

ENGLISH = VoiceInfo(engine="fake", name="en", label="English", language="en", gender="male")
GERMAN = VoiceInfo(
    engine="fake", name="de", label="German", language="de", gender="female", tokens_per_character=Decimal("0.5")
)


class FakeEngine:
    name = "fake"

    def __init__(self, *offered: VoiceInfo) -> None:
        self.offered = list(offered)

    def voices(self) -> list[VoiceInfo]:
        if not self.offered:
            raise EngineError(ENGINE_UNAVAILABLE)
        return self.offered


@pytest.fixture
def fake(monkeypatch):
    engine = FakeEngine(ENGLISH, GERMAN)
    monkeypatch.setattr(voices_service, "engines", lambda: {"fake": engine})
    return engine


def changes(synced) -> tuple[int, int, int, int]:
    return synced.added, synced.updated, synced.withdrawn, synced.to_prepare


def test_what_is_new_is_added_and_a_worker_is_called(fake, bells):
    assert changes(services.sync_voices()) == (2, 0, 0, 2)
    german = Voice.objects.get(key="fake:de")
    assert (german.label, german.language, german.gender) == ("German", "de", "female")
    assert (german.tokens_per_character, german.max_characters) == (Decimal("0.5"), 100_000)
    assert bells == [("prepare_voices", 0, 0)]


def test_a_second_sync_changes_nothing(fake, bells):
    services.sync_voices()
    before = list(Voice.objects.order_by("pk").values())
    assert changes(services.sync_voices()) == (0, 0, 0, 2)
    assert list(Voice.objects.order_by("pk").values()) == before


def test_what_is_no_longer_offered_is_withdrawn_not_deleted_and_comes_back(fake, bells):
    services.sync_voices()
    fake.offered = [ENGLISH]
    assert changes(services.sync_voices())[:3] == (0, 0, 1)
    assert changes(services.sync_voices())[:3] == (0, 0, 0)
    assert not Voice.objects.get(key="fake:de").is_available
    fake.offered = [ENGLISH, GERMAN]
    assert changes(services.sync_voices())[:3] == (0, 1, 0)
    assert Voice.objects.get(key="fake:de").is_available


def test_names_follow_the_engine_and_prices_the_staff(fake, bells):
    services.sync_voices()
    services.set_voice_terms(
        voice=Voice.objects.get(key="fake:en"), tokens_per_character=Decimal("2.5"), max_characters=5_000
    )
    fake.offered = [replace(ENGLISH, label="English, again", tokens_per_character=Decimal(9), max_characters=9), GERMAN]
    services.sync_voices()
    english = Voice.objects.get(key="fake:en")
    assert (english.label, english.tokens_per_character, english.max_characters) == ("English, again", 2.5, 5_000)


def test_an_engine_that_does_not_answer_keeps_its_voices(fake, bells, caplog):
    services.sync_voices()
    fake.offered = []
    assert changes(services.sync_voices())[:3] == (0, 0, 0)
    assert Voice.objects.filter(is_available=True).count() == 2
    assert "could not be read" in caplog.text


def test_other_engines_voices_are_left_alone(fake, bells):
    make_voice()
    services.sync_voices()
    assert Voice.objects.get(key="espeak:en-gb").is_available


def test_the_command_syncs_the_built_in_engine(bells):
    out = StringIO()
    call_command("sync_voices", stdout=out)

    rows = list(Voice.objects.all())
    assert len(rows) > 100
    assert f"{len(rows)} new" in out.getvalue()
    by_key = {voice.key: voice for voice in rows}
    assert by_key["espeak:en-gb"].label == "English (Great Britain)"
    assert {"espeak:es-f1", "espeak:de", "espeak:de-m1"} <= by_key.keys()
    for voice in rows:
        assert re.fullmatch(r"[a-z0-9-]+:[a-z0-9._-]+", voice.key), voice.key
        assert canonical_language(voice.language) == voice.language
        assert voice.tokens_per_character == 1
    quiet = StringIO()
    call_command("sync_voices", verbosity=0, stdout=quiet)
    assert quiet.getvalue() == ""
