"""The work itself: what comes out, and that whatever goes wrong ends on the row, with the tokens back."""

from __future__ import annotations

import errno
import io
import sys
import threading
import time
import uuid

import pytest
from django.db import connection
from django.utils import timezone
from mutagen.mp3 import MP3

from accounts.models import TokenEntry, User
from generations import lifecycle, pipeline, services, sweeper
from generations.models import Dot, Generation
from generations.qr import QrUnreadable
from generations.qr.verify import read_png
from generations.speech.base import ENGINE_REJECTED, ENGINE_UNAVAILABLE, NO_SPEECH, EngineError
from generations.webvtt import parse_vtt
from tests.factories import make_generation, make_ready_generation, make_user, make_voice
from tests.generations.stand_ins import StubbornStore, ToneEngine
from uploads.models import DoomedObject
from uploads.storage import StorageError, store

pytestmark = pytest.mark.django_db

TEXT = "Hello there. This is a dot."


@pytest.fixture
def tone(monkeypatch):
    """The built-in voice hums, as ``tone.before`` says."""
    engine = ToneEngine()
    monkeypatch.setattr(pipeline, "engine", lambda name: engine)
    return engine


def put_with(monkeypatch, before_put):
    stubborn = StubbornStore(before_put)
    for module in ("generations.pipeline", "generations.drawing"):
        monkeypatch.setattr(f"{module}.store", lambda: stubborn)


def balance(owner: User) -> int:
    return User.objects.get(pk=owner.pk).token_balance


def row(generation: Generation) -> Generation:
    return Generation.objects.select_related("dot").get(pk=generation.pk)


def objects_of(generation: Generation) -> list[str]:
    """What the storage holds of the audio of this generation."""
    return [info.key for info in store().keys("audio/") if info.key == generation.audio_key]


def all_audio() -> set[str]:
    return {info.key for info in store().keys("audio/")}


def raiser(*errors: Exception | None):
    """Raises them one after the other, then nothing more."""
    left = list(errors)

    def act(*args: object) -> None:
        if left and (error := left.pop(0)):
            raise error

    return act


# --- What comes out ------------------------------------------------------------------------------------------------


def test_a_text_becomes_audio_captions_waveform_and_a_printed_code(alice):
    generation = make_ready_generation(owner=alice, text=TEXT, title="Greeting")

    with store().open(generation.audio_key) as source:
        audio = source.read()
    mp3 = MP3(io.BytesIO(audio))
    assert generation.audio_bytes == len(audio)
    assert generation.progress == 100
    assert mp3.info.length == pytest.approx(generation.duration_seconds, abs=0.06)
    assert mp3.info.channels == 1
    assert mp3.info.bitrate == pytest.approx(128_000, rel=0.001)
    assert mp3.tags["TIT2"].text == ["Greeting"]
    assert generation.dot.play_url in str(mp3.tags.getall("COMM")[0])
    assert mp3.tags["TXXX:SyntheticVoice"].text == ["true"]
    cues = parse_vtt(generation.captions, duration=generation.duration_seconds)
    assert [cue.text for cue in cues] == ["Hello there.", "This is a dot."]
    assert generation.peaks
    assert all(0 <= peak <= 100 for peak in generation.peaks)

    dot = generation.dot
    dot.refresh_from_db()
    with store().open(dot.qr_png_key) as source:
        assert read_png(source.read()) == dot.print_url == dot.qr_url
    assert store().stat(dot.qr_svg_key).content_type == "image/svg+xml"
    assert (dot.status, dot.default_language) == ("live", "en-GB")
    assert balance(alice) == 10_000 - len(TEXT)


def test_the_code_is_drawn_once(alice, voice):
    first = make_ready_generation(owner=alice)
    drawn_at = Dot.objects.get().qr_drawn_at
    make_ready_generation(owner=alice, text="A new version.", dot=first.dot)
    assert Dot.objects.get().qr_drawn_at == drawn_at


@pytest.mark.parametrize("times", [2, 3])
def test_a_message_that_comes_twice_changes_nothing(alice, times):
    generation = make_ready_generation(owner=alice)
    before = Generation.objects.filter(pk=generation.pk).values().get()
    for _time in range(times):
        assert pipeline.fulfil(generation.pk) is None
    assert Generation.objects.filter(pk=generation.pk).values().get() == before


def test_a_message_about_a_row_that_is_gone_changes_nothing(db):
    assert pipeline.fulfil(4_711) is None


def test_a_late_message_after_a_cancel_changes_nothing(alice, voice):
    generation = services.request_generation(owner=alice, text=TEXT)
    services.cancel_generation(generation=generation)
    assert pipeline.fulfil(generation.pk) is None
    assert (row(generation).status, row(generation).audio_key) == ("cancelled", "")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        '"' * 20_000,
        ". , ; !",
        "🎉🎉",
        "مرحبا بالعالم",
        "\u202eright to left",
        "7",
        "a\n\nb [pause 0.1s] c",
    ],
)
def test_an_odd_text_ends_ready_or_clean(voice, text):
    rich = make_user(tokens=20_000)
    generation = services.request_generation(owner=rich, text=text)

    assert pipeline.fulfil(generation.pk) is None

    ended = row(generation)
    if ended.status == "ready":
        spoken = "".join(cue.text for cue in parse_vtt(ended.captions))
        assert "".join(spoken.split()) == "".join(ended.text.replace("[pause 0.1s]", "").split())
    else:
        assert (ended.status, ended.error_code, ended.is_refunded) == ("failed", "NO_SPEECH", True)
        assert balance(rich) == 20_000


# --- The same again ------------------------------------------------------------------------------------------------


def test_the_same_again_is_copied_into_an_object_of_its_own(alice, tone):
    first = make_ready_generation(owner=alice, text=TEXT, title="First")
    second = make_ready_generation(owner=alice, text=TEXT, title="Second")

    assert tone.spoken == 1
    assert (second.tokens, second.duration_ms, second.captions) == (0, first.duration_ms, first.captions)
    assert second.audio_key != first.audio_key
    titles = {}
    for generation in (first, second):
        with store().open(generation.audio_key) as source:
            mp3 = MP3(io.BytesIO(source.read()))
        titles[str(mp3.tags["TIT2"])] = str(mp3.tags.getall("COMM")[0])
        assert mp3.info.length == pytest.approx(generation.duration_seconds, abs=0.06)
        assert store().stat(generation.audio_key).size_bytes == generation.audio_bytes
    assert titles == {"First": first.dot.play_url, "Second": second.dot.play_url}


def test_the_first_ones_deletion_leaves_the_copy(alice, tone, django_capture_on_commit_callbacks):
    first = make_ready_generation(owner=alice, text=TEXT)
    second = make_ready_generation(owner=alice, text=TEXT)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_generation(generation=first)
    assert store().stat(first.audio_key) is None
    assert store().stat(second.audio_key) is not None


@pytest.mark.parametrize("harm", ["gone", "cut off"])
def test_where_the_twins_object_is_broken_it_is_spoken_again(alice, tone, harm):
    first = make_ready_generation(owner=alice, text=TEXT)
    if harm == "gone":
        store().delete(first.audio_key)
    else:
        store().put(first.audio_key, b"ID3\x03\x00\x00\x00\x00\x01\x00", "audio/mpeg")

    second = make_ready_generation(owner=alice, text=TEXT)

    assert tone.spoken == 2
    assert second.tokens == 0
    with store().open(second.audio_key) as source:
        assert MP3(io.BytesIO(source.read())).info.length > 0


def edit_captions(generation: Generation) -> None:
    vtt = "WEBVTT\n\n00:00.000 --> 00:00.500\nSet by hand.\n"
    services.set_captions(generation=generation, vtt=vtt)


def test_captions_set_by_hand_stay_with_their_own(alice, tone):
    first = make_ready_generation(owner=alice, text=TEXT)
    made = first.captions
    edit_captions(first)

    second = make_ready_generation(owner=alice, text=TEXT)

    assert (second.captions, second.captions_edited_at) == (made, None)
    assert (tone.spoken, second.tokens) == (2, 0)
    assert balance(alice) == 10_000 - len(TEXT)


def test_of_several_the_one_without_captions_set_by_hand_is_copied(alice, tone):
    first = make_ready_generation(owner=alice, text=TEXT)
    second = make_ready_generation(owner=alice, text=TEXT)
    edit_captions(first)

    third = make_ready_generation(owner=alice, text=TEXT)

    assert tone.spoken == 1
    assert third.captions == second.captions


def test_somebody_elses_voice_is_never_copied(alice, bob, tone):
    make_ready_generation(owner=alice, text=TEXT)
    make_ready_generation(owner=bob, text=TEXT)
    assert tone.spoken == 2
    assert balance(bob) == 10_000 - len(TEXT)


# --- What goes wrong -----------------------------------------------------------------------------------------------


def test_a_permanent_engine_error_fails_at_once(alice, voice, tone):
    tone.before = raiser(EngineError(ENGINE_REJECTED, permanent=True))
    generation = services.request_generation(owner=alice, text=TEXT)

    assert pipeline.fulfil(generation.pk) is None

    failed = row(generation)
    assert (failed.status, failed.error_code, failed.is_refunded) == ("failed", "ENGINE_REJECTED", True)
    assert balance(alice) == 10_000


def test_an_error_that_may_pass_is_tried_again_with_growing_waits(alice, voice, tone, settings):
    settings.GENERATION_RETRY_SECONDS = 5
    tone.before = raiser(EngineError(ENGINE_UNAVAILABLE), EngineError(ENGINE_UNAVAILABLE))
    generation = services.request_generation(owner=alice, text=TEXT)

    waits = []
    for _try in range(3):
        Generation.objects.filter(pk=generation.pk).update(not_before=timezone.now())
        waits.append(pipeline.fulfil(generation.pk))

    assert waits == [5, 10, None]
    assert (row(generation).status, row(generation).failures) == ("ready", 2)
    assert balance(alice) == 10_000 - len(TEXT)


def test_after_the_last_try_it_has_failed_and_the_tokens_are_back(alice, voice, tone, settings):
    settings.GENERATION_MAX_ATTEMPTS = 3
    tone.before = raiser(*[EngineError(ENGINE_UNAVAILABLE)] * 9)
    generation = services.request_generation(owner=alice, text=TEXT)

    for _try in range(5):
        Generation.objects.filter(pk=generation.pk).update(not_before=timezone.now())
        pipeline.fulfil(generation.pk)

    assert tone.spoken == 3
    assert (row(generation).status, row(generation).error_code) == ("failed", "ENGINE_UNAVAILABLE")
    assert balance(alice) == 10_000
    assert TokenEntry.objects.filter(reference=generation.public_id, kind="refund").count() == 1


def test_it_does_not_begin_before_its_wait_is_over(alice, voice, tone):
    tone.before = raiser(EngineError(ENGINE_UNAVAILABLE))
    generation = services.request_generation(owner=alice, text=TEXT)
    pipeline.fulfil(generation.pk)
    assert pipeline.fulfil(generation.pk) is None
    assert (tone.spoken, row(generation).status) == (1, "queued")


@pytest.mark.parametrize(("asked", "wait"), [(30.0, 30.0), (1.0, 5.0), (86_400.0, 600.0)])
def test_the_wait_that_a_vendor_asks_for_is_kept_within_reason(alice, voice, tone, settings, asked, wait):
    settings.GENERATION_RETRY_SECONDS = 5
    tone.before = raiser(EngineError(ENGINE_UNAVAILABLE, retry_after=asked))
    assert pipeline.fulfil(services.request_generation(owner=alice, text=TEXT).pk) == wait


def test_the_tasks_message_is_sent_again_after_the_wait(alice, voice, tone, bells, settings):
    from generations import tasks

    settings.GENERATION_RETRY_SECONDS = 5
    tone.before = raiser(EngineError(ENGINE_UNAVAILABLE))
    generation = services.request_generation(owner=alice, text=TEXT)
    tasks.fulfil(generation.pk)
    assert bells == [("fulfil", generation.pk, 5)]


@pytest.mark.parametrize(
    ("error", "code", "again"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "STORAGE_FAILED", True),
        (StorageError(), "STORAGE_FAILED", True),
        (StorageError(permanent=True), "STORAGE_FAILED", False),
        (ZeroDivisionError("a bug"), "INTERNAL_ERROR", True),
        (QrUnreadable(), "INTERNAL_ERROR", False),
    ],
)
def test_whatever_storing_meets_ends_on_the_row(alice, voice, tone, settings, monkeypatch, caplog, error, code, again):
    settings.GENERATION_RETRY_SECONDS = 0
    put_with(monkeypatch, raiser(*[error] * 9))
    generation = services.request_generation(owner=alice, text="A secret sentence.")

    tries = 0
    while row(generation).status == "queued":
        pipeline.fulfil(generation.pk)
        tries += 1

    failed = row(generation)
    assert tries == (settings.GENERATION_MAX_ATTEMPTS if again else 1)
    assert (failed.status, failed.error_code, failed.is_refunded) == ("failed", code, True)
    assert balance(alice) == 10_000
    assert objects_of(failed) == []
    assert failed.dot.status == "making"
    assert "secret" not in caplog.text


def test_a_full_disk_while_speaking_is_a_storage_error(alice, voice, tone, settings, monkeypatch):
    settings.GENERATION_MAX_ATTEMPTS = 1
    tone.before = raiser(OSError(errno.ENOSPC, "No space left on device"))
    generation = services.request_generation(owner=alice, text=TEXT)
    pipeline.fulfil(generation.pk)
    assert (row(generation).status, row(generation).error_code) == ("failed", "STORAGE_FAILED")


def test_a_disk_that_was_full_for_a_moment_loses_nothing(alice, voice, tone, settings, monkeypatch):
    settings.GENERATION_RETRY_SECONDS = 0
    put_with(monkeypatch, raiser(OSError(errno.ENOSPC, "No space left on device")))
    generation = services.request_generation(owner=alice, text=TEXT)
    assert pipeline.fulfil(generation.pk) == 0
    assert pipeline.fulfil(generation.pk) is None
    ready = row(generation)
    assert (ready.status, ready.failures) == ("ready", 1)
    assert objects_of(ready) == [ready.audio_key]


def test_a_code_that_cannot_be_read_back_is_not_handed_out(alice, voice, tone, monkeypatch):
    monkeypatch.setattr(sys.modules["generations.qr.draw"], "verify_png", raiser(QrUnreadable()))
    generation = services.request_generation(owner=alice, text=TEXT)
    pipeline.fulfil(generation.pk)
    failed = row(generation)
    assert (failed.status, failed.error_code, failed.is_refunded) == ("failed", "INTERNAL_ERROR", True)
    assert failed.dot.qr_drawn_at is None
    assert not [info for info in store().keys("qr-codes/") if info.key == failed.dot.qr_png_key]


def test_a_voice_whose_engine_is_gone_fails_at_once(alice):
    make_voice(key="vanished:anna")
    generation = make_generation(owner=alice, voice=make_voice(key="vanished:anna"))
    pipeline.fulfil(generation.pk)
    assert (row(generation).status, row(generation).error_code) == ("failed", "ENGINE_UNAVAILABLE")


def test_a_text_without_a_sound_gives_the_tokens_back(alice, voice):
    generation = services.request_generation(owner=alice, text=". . .")
    pipeline.fulfil(generation.pk)
    assert (row(generation).error_code, row(generation).is_refunded) == (NO_SPEECH, True)


# --- Losing the run ------------------------------------------------------------------------------------------------


def lose_it(generation: Generation) -> None:
    """As when the worker was held up for longer than its lease and the sweeper came by."""
    Generation.objects.filter(pk=generation.pk).update(lease_until=timezone.now())
    assert sweeper.sweep().taken_back == 1


def test_a_worker_that_lost_its_lease_while_speaking_stops(alice, voice, tone, monkeypatch):
    monkeypatch.setattr(pipeline, "WRITE_EVERY_SECONDS", 0)
    monkeypatch.setattr("generations.voicing._TELL_EVERY", 0)
    generation = services.request_generation(owner=alice, text=TEXT)
    tone.before = lambda number: lose_it(generation) if number == 1 and tone.spoken == 1 else None
    before = all_audio()

    assert pipeline.fulfil(generation.pk) is None

    assert (row(generation).status, row(generation).losses) == ("queued", 1)
    assert all_audio() == before
    assert pipeline.fulfil(generation.pk) is None
    assert row(generation).status == "ready"


@pytest.mark.parametrize("another_finishes", [False, True])
def test_a_worker_that_lost_its_lease_while_storing_neither_moves_the_row_nor_orphans_an_object(
    alice, voice, tone, monkeypatch, another_finishes
):
    generation = services.request_generation(owner=alice, text=TEXT)
    before = all_audio()
    runs = []

    def lost_meanwhile(key: str) -> None:
        if not runs:
            runs.append(key)
            lose_it(generation)
            if another_finishes:
                pipeline.fulfil(generation.pk)

    put_with(monkeypatch, lost_meanwhile)
    pipeline.fulfil(generation.pk)

    assert row(generation).status == ("ready" if another_finishes else "queued")
    if not another_finishes:
        pipeline.fulfil(generation.pk)
    ready = row(generation)
    assert ready.status == "ready"
    assert all_audio() - before == {ready.audio_key}
    assert store().stat(ready.audio_key).size_bytes == ready.audio_bytes


@pytest.mark.parametrize("then", ["swept", "deleted", "purged", "retried"])
def test_an_object_that_is_stored_after_a_cancel_is_found_and_removed(
    alice, voice, tone, monkeypatch, settings, django_capture_on_commit_callbacks, then
):
    settings.GENERATION_LEASE_SECONDS = 0.001
    settings.DELETED_DOT_DAYS = 0
    generation = services.request_generation(owner=alice, text=TEXT)
    before = all_audio()
    calls = []

    def ended_meanwhile(key: str) -> None:
        if calls:
            return
        calls.append(key)
        services.cancel_generation(generation=row(generation))
        if then == "deleted":
            services.delete_generation(generation=row(generation))
        elif then == "purged":
            services.delete_dot(dot=generation.dot)
            assert services.purge_deleted_dots() == 1
        else:
            Generation.objects.filter(pk=generation.pk).update(finished_at=timezone.now() - timezone.timedelta(1))
            assert sweeper.sweep().cleared == 1
        if then == "retried":
            services.retry_generation(generation=row(generation))
            pipeline.fulfil(generation.pk)

    put_with(monkeypatch, ended_meanwhile)
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.fulfil(generation.pk)

    kept = {row(generation).audio_key} if then == "retried" else set()
    assert all_audio() - before == kept
    assert not DoomedObject.objects.exists()
    assert balance(alice) == 10_000 - (len(TEXT) if kept else 0)


def test_a_dot_that_is_purged_while_its_code_is_drawn_leaves_no_pictures(
    alice, voice, tone, monkeypatch, settings, django_capture_on_commit_callbacks
):
    settings.DELETED_DOT_DAYS = 0
    generation = services.request_generation(owner=alice, text=TEXT)
    pictures = {info.key for info in store().keys("qr-codes/")}

    def purge_before_the_pictures(key: str) -> None:
        if key.endswith(".png"):
            services.delete_dot(dot=generation.dot)
            services.purge_deleted_dots()

    put_with(monkeypatch, purge_before_the_pictures)
    before = all_audio()
    with django_capture_on_commit_callbacks(execute=True):
        assert pipeline.fulfil(generation.pk) is None

    dot = Dot.objects.get(pk=generation.dot_id)
    assert (dot.qr_png_key, dot.qr_drawn_at) == ("", None)
    assert {info.key for info in store().keys("qr-codes/")} == pictures
    assert all_audio() == before
    assert balance(alice) == 10_000


def test_storing_keeps_the_lease_and_sees_a_cancel(alice, voice, tone, monkeypatch):
    monkeypatch.setattr(pipeline, "WRITE_EVERY_SECONDS", 0)
    generation = services.request_generation(owner=alice, text=TEXT)
    before = all_audio()
    put_with(monkeypatch, lambda key: services.cancel_generation(generation=row(generation)))

    pipeline.fulfil(generation.pk)

    # The store asked for the bytes after the cancel, and got none.
    assert row(generation).status == "cancelled"
    assert all_audio() == before


@pytest.mark.django_db(transaction=True)
def test_a_cancel_stops_a_long_text_within_two_seconds():
    owner = make_user(tokens=100_000)
    make_voice()
    generation = services.request_generation(owner=owner, text="All work and no play makes a dull dot. " * 2_560)
    failures = []

    def work() -> None:
        try:
            pipeline.fulfil(generation.pk)
        except Exception as error:  # shown by the assertion below
            failures.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    deadline = time.monotonic() + 30
    while row(generation).progress == 0 and time.monotonic() < deadline:
        worker.join(0.05)
    assert row(generation).status == "processing"
    assert 0 < row(generation).progress < 95

    services.cancel_generation(generation=row(generation))
    cancelled_at = time.monotonic()
    worker.join(10)

    assert not worker.is_alive()
    assert time.monotonic() - cancelled_at < 2
    assert failures == []
    assert (row(generation).status, balance(owner)) == ("cancelled", 100_000)


def test_progress_rises_to_the_end(alice, voice, tone, monkeypatch):
    monkeypatch.setattr(pipeline, "WRITE_EVERY_SECONDS", 0)
    monkeypatch.setattr("generations.voicing._TELL_EVERY", 0)
    generation = services.request_generation(owner=alice, text="One sentence. " * 20)
    seen = []
    tone.before = lambda number: seen.append(row(generation).progress)

    pipeline.fulfil(generation.pk)

    assert seen == sorted(seen)
    assert 80 <= seen[-1] <= pipeline.SPOKEN_PERCENT
    assert len(set(seen)) > 10
    assert row(generation).progress == 100


def test_the_lease_is_renewed_while_it_speaks(alice, voice, tone, monkeypatch):
    monkeypatch.setattr(pipeline, "WRITE_EVERY_SECONDS", 0)
    monkeypatch.setattr("generations.voicing._TELL_EVERY", 0)
    generation = services.request_generation(owner=alice, text="One sentence. " * 3)
    leases = []
    tone.before = lambda number: leases.append(row(generation).lease_until)
    pipeline.fulfil(generation.pk)
    assert leases == sorted(set(leases))
    assert len(leases) == 3


def test_a_row_that_was_taken_over_between_claim_and_reading_is_left_alone(alice):
    """The claim reads the row by its own token: another worker's run is not taken for ours."""
    generation = make_generation(owner=alice)
    overtaken = []

    def overtake(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and not overtaken:
            overtaken.append(sql)
            Generation.objects.filter(pk=generation.pk).update(lease_token=uuid.uuid4())
        return result

    with connection.execute_wrapper(overtake):
        assert lifecycle.claim(generation.pk) is None
    assert overtaken
