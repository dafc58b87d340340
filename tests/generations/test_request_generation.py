"""Asking for a voice: what it costs, whose voice it is, and what is refused."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import TokenEntry, User
from generations import services
from generations.models import Dot, Generation, Voice
from micdots.lib.errors import Conflict, InsufficientTokens, NotFound, ValidationFailed
from tests.factories import make_dot, make_generation, make_user, make_voice

pytestmark = pytest.mark.django_db

TEXT = "Welcome to the old town hall."


def refusal(owner: User, **wishes: object) -> dict[str, list[str]]:
    """What ``request_generation`` finds wrong; nothing may be left behind."""
    with pytest.raises(ValidationFailed) as failure:
        services.request_generation(owner=owner, **{"text": TEXT, **wishes})
    assert not Dot.objects.exists()
    assert not Generation.objects.exists()
    assert User.objects.get(pk=owner.pk).token_balance == 10_000
    return failure.value.details


def test_it_takes_the_tokens_and_queues(alice, voice, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        generation = services.request_generation(owner=alice, text=TEXT)

    generation.refresh_from_db()
    assert generation.status == Generation.Status.QUEUED
    assert (generation.characters, generation.tokens, generation.attempt) == (29, 29, 1)
    assert (generation.voice, generation.language, generation.is_synthetic) == (voice, "en-GB", True)
    assert User.objects.get(pk=alice.pk).token_balance == 10_000 - 29
    entry = TokenEntry.objects.get(reference=generation.public_id)
    assert (entry.kind, entry.amount, entry.attempt) == ("charge", -29, 1)
    assert bells == [("fulfil", generation.pk, 0)]


def test_no_worker_is_called_for_what_is_rolled_back(alice, voice, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ValidationFailed):
        services.request_generation(owner=alice, text="")
    assert bells == []


def test_a_new_dot_is_called_by_the_first_words(alice, voice):
    generation = services.request_generation(owner=alice, text=f"  {TEXT}\r\n\r\n\r\n\r\nMore. [pause 2s] End.  ")

    assert generation.dot.title == generation.title == "Welcome to the old town hall. More. End."
    assert generation.text == f"{TEXT}\n\nMore. [pause 2s] End."
    assert generation.characters == len(generation.text) - len("[pause 2s]")
    assert (generation.dot.owner, generation.dot.status) == (alice, Dot.Status.MAKING)


def test_a_long_text_gives_a_title_that_fits(alice, voice):
    generation = services.request_generation(owner=alice, text="Word " * 100)
    assert len(generation.dot.title) <= 60
    assert generation.dot.title.startswith("Word Word")


def test_a_title_names_the_new_dot(alice, voice):
    generation = services.request_generation(owner=alice, text=TEXT, title="  Town hall ")
    assert (generation.title, generation.dot.title) == ("Town hall", "Town hall")


def test_on_a_dot_that_is_there_a_title_names_the_generation_only(alice, voice):
    dot = make_dot(owner=alice, title="Market square")

    generation = services.request_generation(owner=alice, text=TEXT, title="Second version", dot=dot)

    dot.refresh_from_db()
    assert (generation.dot, generation.title, dot.title) == (dot, "Second version", "Market square")


@pytest.mark.parametrize(
    ("rate", "characters", "tokens"),
    [("1", 29, 29), ("0.5", 29, 15), ("0.001", 1, 1), ("2.5", 3, 8), ("0", 29, 0), ("1.001", 1000, 1001)],
)
def test_the_price_is_rounded_up(alice, rate, characters, tokens):
    voice = make_voice(key="espeak:en-gb-f1", tokens_per_character=Decimal(rate))
    generation = services.request_generation(owner=alice, text="a" * characters, voice_key=voice.key)
    assert generation.tokens == tokens
    assert User.objects.get(pk=alice.pk).token_balance == 10_000 - tokens


def test_too_few_tokens_save_nothing(voice):
    poor = make_user(tokens=28)

    with pytest.raises(InsufficientTokens) as refused:
        services.request_generation(owner=poor, text=TEXT)

    assert refused.value.details == {"required": 29, "available": 28}
    assert not Dot.objects.exists()
    assert not Generation.objects.exists()
    assert TokenEntry.objects.filter(account=poor).count() == 1  # the welcome


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        " " * 10_000,
        "\u200b\u200d\ufeff",
        "[pause 1s]",
        "\u2800",
        "null\x00byte",
        "bell\x07",
        "half a pair \ud83d",
        "a" + "\u0301" * 31,
        "x" * 100_001,
        "Hello [pause 31s]",
    ],
)
def test_a_text_that_cannot_be_spoken_is_refused(alice, voice, text):
    assert list(refusal(alice, text=text)) == ["text"]


def test_the_limit_is_the_voices(alice):
    make_voice(key="espeak:en-gb-f1", max_characters=10)
    assert "10" in refusal(alice, text="Eleven char", voice_key="espeak:en-gb-f1")["text"][0]
    services.request_generation(owner=alice, text="Ten chars.[pause 1s]", voice_key="espeak:en-gb-f1", title="Fits")


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "a" * 50_000, "🎉", "مرحبا بالعالم", "\u202eright to left", "“" * 20_000]
)
def test_odd_texts_are_taken(voice, text):
    rich = make_user(tokens=100_000)
    generation = services.request_generation(owner=rich, text=text)
    generation.refresh_from_db()
    assert generation.tokens == generation.characters == len(generation.text)


def test_everything_that_is_wrong_is_said_at_once(alice, voice):
    wrong = refusal(alice, text="x" * 100_001, title="t" * 121, speed=0.4, pitch=float("nan"))
    assert sorted(wrong) == ["pitch", "speed", "text", "title"]


@pytest.mark.parametrize("number", [0.49, 2.01, float("inf"), -1])
def test_speed_and_pitch_have_bounds(alice, voice, number):
    assert list(refusal(alice, speed=number)) == ["speed"]
    assert list(refusal(alice, pitch=number)) == ["pitch"]


@pytest.mark.parametrize("title", ["a\x00b", "a\x1bb", "half \ud83d"])
def test_a_title_that_no_database_takes_is_refused(alice, voice, title):
    assert list(refusal(alice, title=title)) == ["title"]


def test_the_engine_refuses_settings_that_it_does_not_know(alice, voice):
    assert list(refusal(alice, engine_settings={"stability": 0.5})) == ["settings"]


# --- Which voice ----------------------------------------------------------------------------------------------------


def test_the_named_voice_speaks(alice, voice):
    german = make_voice(key="espeak:de", language="de", label="German")
    generation = services.request_generation(owner=alice, text=TEXT, voice_key="espeak:de")
    assert (generation.voice, generation.language) == (german, "de")


@pytest.mark.parametrize("key", ["espeak:nobody", "nonsense", "espeak:EN-GB", "a:b\x00", "a:\ud83d"])
def test_an_unknown_voice_is_refused(alice, voice, key):
    assert list(refusal(alice, voice_key=key)) == ["voice"]


def test_a_withdrawn_voice_is_refused(alice):
    make_voice(is_available=False)
    assert list(refusal(alice, voice_key="espeak:en-gb")) == ["voice"]
    assert list(refusal(alice)) == ["voice"]


def test_the_accounts_own_voice_comes_first(alice, voice):
    own = make_voice(key="espeak:de", language="de")
    alice.default_voice = own.key
    assert services.request_generation(owner=alice, text=TEXT).voice == own
    assert services.request_generation(owner=alice, text=TEXT, language="de-AT").voice == own
    assert services.request_generation(owner=alice, text=TEXT, language="en").voice == voice


def test_for_a_language_the_plainest_voice_is_picked(alice, voice):
    make_voice(key="espeak:es-419", language="es-419")
    make_voice(key="espeak:es-f2", language="es")
    make_voice(key="studio:es", language="es", kind=Voice.Kind.HUMAN)  # a person records only when asked by name
    plain = make_voice(key="espeak:es", language="es")

    assert services.request_generation(owner=alice, text=TEXT, language="es").voice == plain


def test_a_regional_voice_speaks_the_broader_language_and_the_other_way_round(alice, voice):
    assert services.request_generation(owner=alice, text=TEXT, language="en").language == "en"
    make_voice(key="espeak:de", language="de")
    assert (
        services.request_generation(owner=alice, text=TEXT, voice_key="espeak:de", language="de-CH").language == "de-CH"
    )


def test_a_voice_that_does_not_speak_the_language_is_the_voices_fault(alice, voice):
    assert list(refusal(alice, voice_key=voice.key, language="de")) == ["voice"]
    assert list(refusal(alice, voice_key=voice.key, language="en-US")) == ["voice"]


def test_a_language_that_no_voice_speaks_is_the_languages_fault(alice, voice):
    assert list(refusal(alice, language="ja")) == ["language"]


@pytest.mark.parametrize("language", ["english", "en_GB", "xx", "e", "en-gb-", "de\x00"])
def test_a_language_that_is_none_is_refused(alice, voice, language):
    assert list(refusal(alice, language=language)) == ["language"]


def test_a_language_is_kept_in_its_usual_letter_case(alice, voice):
    assert services.request_generation(owner=alice, text=TEXT, language="EN-gb").language == "en-GB"


# --- Again, and not ------------------------------------------------------------------------------------------------


def test_the_same_form_sent_twice_makes_one(alice, voice):
    key = uuid.uuid4()
    first = services.request_generation(owner=alice, text=TEXT, request_key=key)
    second = services.request_generation(owner=alice, text="Something else", request_key=key)
    assert first == second
    assert User.objects.get(pk=alice.pk).token_balance == 10_000 - 29
    assert Dot.objects.count() == 1


def test_somebody_elses_form_is_another_one(alice, bob, voice):
    key = uuid.uuid4()
    first = services.request_generation(owner=alice, text=TEXT, request_key=key)
    assert services.request_generation(owner=bob, text=TEXT, request_key=key) != first


def test_what_was_ready_before_costs_nothing(alice, bob, voice):
    first = services.request_generation(owner=alice, text=TEXT)
    Generation.objects.filter(pk=first.pk).update(status=Generation.Status.READY, audio_key="audio/2026/11/a.mp3")

    again = services.request_generation(owner=alice, text=f" {TEXT}\n", title="Another title")
    elsewhere = services.request_generation(owner=bob, text=TEXT)
    faster = services.request_generation(owner=alice, text=TEXT, speed=1.1)

    assert (again.tokens, elsewhere.tokens, faster.tokens) == (0, 29, 29)
    assert not TokenEntry.objects.filter(reference=again.public_id).exists()


def test_what_was_not_ready_costs_again(alice, voice):
    services.request_generation(owner=alice, text=TEXT)
    assert services.request_generation(owner=alice, text=TEXT).tokens == 29


@pytest.mark.parametrize("state", ["deleted_at", "blocked_at"])
def test_nothing_is_added_to_a_dot_that_is_in_the_bin_or_blocked(alice, voice, state):
    dot = make_dot(owner=alice, **{state: timezone.now()})
    with pytest.raises(Conflict):
        services.request_generation(owner=alice, text=TEXT, dot=dot)
    assert not dot.generations.exists()
    assert User.objects.get(pk=alice.pk).token_balance == 10_000


def test_an_account_that_was_erased_meanwhile_is_left_with_nothing(alice, voice):
    User.objects.filter(pk=alice.pk).update(erased_at=timezone.now())
    with pytest.raises(NotFound):
        services.request_generation(owner=alice, text=TEXT)
    assert not Dot.objects.exists()


def test_a_code_that_was_once_given_out_is_never_used_again(alice, voice, monkeypatch):
    taken = make_dot(owner=alice, code="7KX3M9", deleted_at=timezone.now(), purged_at=timezone.now())
    codes = iter([taken.code, taken.code, "2CCCCC"])
    monkeypatch.setattr("generations.services.making.new_code", lambda length: next(codes))
    assert services.request_generation(owner=alice, text=TEXT).dot.code == "2CCCCC"


def test_a_failing_broker_loses_nothing(alice, voice, monkeypatch, caplog, django_capture_on_commit_callbacks):
    def no_broker(*args: object, **kwargs: object) -> None:
        raise OSError("no broker")

    monkeypatch.setattr("celery.app.base.Celery.send_task", no_broker)
    with django_capture_on_commit_callbacks(execute=True):
        generation = services.request_generation(owner=alice, text="A secret sentence.")
    assert Generation.objects.get(pk=generation.pk).status == Generation.Status.QUEUED
    assert "no worker could be called" in caplog.text
    assert "secret" not in caplog.text


def test_retrying_is_charged_again(alice, voice, bells, django_capture_on_commit_callbacks):
    generation = services.request_generation(owner=alice, text=TEXT)
    services.cancel_generation(generation=generation)
    assert User.objects.get(pk=alice.pk).token_balance == 10_000

    with django_capture_on_commit_callbacks(execute=True):
        again = services.retry_generation(generation=generation)

    assert (again.status, again.attempt, again.is_refunded, again.progress) == ("queued", 2, False, 0)
    assert User.objects.get(pk=alice.pk).token_balance == 10_000 - 29
    assert bells == [("fulfil", generation.pk, 0)]


@pytest.mark.parametrize("status", ["queued", "processing", "ready"])
def test_only_what_failed_or_was_cancelled_is_tried_again(alice, voice, status):
    generation = make_generation(owner=alice, status=status)
    with pytest.raises(Conflict):
        services.retry_generation(generation=generation)
    assert User.objects.get(pk=alice.pk).token_balance == 10_000


def test_retrying_needs_the_tokens(voice):
    poor = make_user(tokens=10)
    generation = make_generation(owner=poor, text=TEXT, status="failed", error_code="TIMEOUT")
    with pytest.raises(InsufficientTokens):
        services.retry_generation(generation=generation)
    kept = Generation.objects.get(pk=generation.pk)
    assert (kept.status, kept.attempt, kept.error_code) == ("failed", 1, "TIMEOUT")


def test_retrying_needs_the_voice_and_the_dot(alice, voice):
    generation = make_generation(owner=alice, status="failed")
    Voice.objects.filter(pk=voice.pk).update(is_available=False)
    with pytest.raises(Conflict):
        services.retry_generation(generation=Generation.objects.get(pk=generation.pk))
    Voice.objects.filter(pk=voice.pk).update(is_available=True)
    services.delete_dot(dot=generation.dot)
    with pytest.raises(Conflict):
        services.retry_generation(generation=Generation.objects.get(pk=generation.pk))
