"""From an upload to a dot: what is asked for, what comes out, and what becomes of the file."""

from __future__ import annotations

import io
import uuid

import pytest
from django.utils import timezone
from mutagen.mp3 import MP3

from accounts.models import TokenEntry
from generations import pipeline, services, sources
from generations.models import Dot, Generation
from generations.webvtt import parse_vtt
from micdots.lib.errors import Conflict, NotFound, ValidationFailed
from tests.factories import make_dot, make_generation, make_ready_generation
from tests.generations.recordings import make_upload, recording, room, silent_film, speech
from tests.generations.sound import decode, ebur128
from uploads.models import File, Upload
from uploads.storage import store

pytestmark = pytest.mark.django_db

TRANSCRIPT = "The path begins at the gate. It follows the stream for a mile, and then it climbs. Look up!"


def ask(owner, upload=None, **wishes) -> Generation:
    upload = upload or make_upload(owner)
    return services.request_recording(owner=owner, upload=upload, **{"language": "en-GB", **wishes})


def make(owner, upload=None, **wishes) -> Generation:
    generation = ask(owner, upload, **wishes)
    pipeline.fulfil(generation.pk)
    return Generation.objects.select_related("dot", "upload").get(pk=generation.pk)


def audio_of(generation: Generation) -> bytes:
    with store().open(generation.audio_key) as source:
        return source.read()


# --- What comes out ------------------------------------------------------------------------------------------------


def test_a_recording_becomes_a_live_dot_for_no_tokens(alice):
    generation = make(alice, text=TRANSCRIPT, title="The walk")

    assert generation.status == Generation.Status.READY
    assert (generation.source, generation.is_synthetic, generation.voice) == ("upload", False, None)
    assert (generation.tokens, generation.characters) == (0, len(TRANSCRIPT))
    assert not TokenEntry.objects.filter(account=alice, kind="charge").exists()
    mp3 = audio_of(generation)
    info = MP3(io.BytesIO(mp3))
    assert generation.audio_bytes == len(mp3)
    assert info.info.length == pytest.approx(generation.duration_seconds, abs=0.06)
    assert "TXXX:SyntheticVoice" not in info.tags
    assert info.tags["TIT2"].text == ["The walk"]
    loudness, peak = ebur128(*decode(mp3))
    assert loudness == pytest.approx(-16, abs=1.5)
    assert peak <= -1
    assert generation.peaks
    dot = Dot.objects.get()
    assert (dot.title, dot.status, dot.default_language) == ("The walk", "live", "en-GB")
    assert dot.qr_drawn_at


def test_the_transcripts_captions_fill_the_recording(alice):
    generation = make(alice, text=TRANSCRIPT)
    cues = parse_vtt(generation.captions, duration=generation.duration_seconds)
    assert "".join(" ".join(cue.text for cue in cues).split()) == "".join(TRANSCRIPT.split())
    assert cues[0].start == 0
    assert cues[-1].end == pytest.approx(generation.duration_seconds, abs=0.1)


def test_without_a_transcript_there_are_no_cues_until_they_are_set_by_hand(alice):
    generation = make(alice)
    assert (generation.text, generation.characters, generation.captions) == ("", 0, "WEBVTT\n")

    services.set_captions(generation=generation, vtt="WEBVTT\n\n00:00.000 --> 00:02.000\nThe path.\n")
    assert "The path." in Generation.objects.get().captions


@pytest.mark.parametrize(
    ("wishes", "file_name", "title"),
    [
        ({"title": " Mine "}, "A walk.wav", "Mine"),
        ({"text": "Hello there. More."}, "A walk.wav", "Hello there. More."),
        ({}, "the_old_town hall.wav", "the old town hall"),
        ({}, "noextension", "noextension"),
        ({}, "", "Recording"),
        ({}, "w" * 250 + ".wav", "w" * 59 + "…"),
    ],
)
def test_the_title_is_what_says_most(alice, wishes, file_name, title):
    upload = make_upload(alice)
    Upload.objects.update(file_name=file_name)
    upload.refresh_from_db()
    assert ask(alice, upload, **wishes).title == title


def test_the_same_file_again_is_copied_with_captions_of_its_own(alice, monkeypatch):
    data = recording(speech())
    first = make(alice, make_upload(alice, data), text=TRANSCRIPT)
    monkeypatch.setattr(pipeline, "_record", lambda *arguments: pytest.fail("made again"))

    second = make(alice, make_upload(alice, data, file_name="copy.wav"), text="Other words.", language="en")

    assert second.status == Generation.Status.READY
    assert second.audio_key != first.audio_key
    assert second.duration_ms == first.duration_ms
    assert [cue.text for cue in parse_vtt(second.captions)] == ["Other words."]
    assert MP3(io.BytesIO(audio_of(second))).tags["TIT2"].text == ["Other words."]


def test_a_copy_has_none_of_the_captions_that_were_set_by_hand(alice, monkeypatch):
    data = recording(speech())
    first = make(alice, make_upload(alice, data), text=TRANSCRIPT)
    made = first.captions
    services.set_captions(generation=first, vtt="WEBVTT\n\n00:00.000 --> 00:00.500\nSet by hand.\n")
    monkeypatch.setattr(pipeline, "_record", lambda *arguments: pytest.fail("made again"))

    second = make(alice, make_upload(alice, data, file_name="copy.wav"), text=TRANSCRIPT)

    assert (second.captions, second.captions_edited_at) == (made, None)


def test_a_recording_can_take_a_synthetic_voices_place(alice):
    spoken = make_ready_generation(owner=alice)
    recorded = make(alice, dot=spoken.dot)
    assert spoken.dot.renditions.get(language="en-GB").generation == recorded


def test_the_owner_sees_how_far_it_is(alice, monkeypatch):
    told = []
    real = pipeline._Watch.progressed
    monkeypatch.setattr(
        pipeline._Watch, "progressed", lambda self, done, total: (told.append(done / total), real(self, done, total))
    )
    make(alice)
    assert told == sorted(told)
    assert told[-1] == 1


# --- What is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"language": ""}, "language"),
        ({"language": "klingon"}, "language"),
        ({"text": "bell \x07"}, "text"),
        ({"text": "x" * 100_001}, "text"),
        ({"title": "t" * 121}, "title"),
        ({"title": "a\x00b"}, "title"),
    ],
)
def test_bad_wishes_name_their_field(alice, wishes, field):
    with pytest.raises(ValidationFailed) as refused:
        ask(alice, **wishes)
    assert list(refused.value.details) == [field]
    assert not Dot.objects.exists()


def test_what_is_no_recording_names_the_upload(alice):
    for upload in (
        make_upload(alice, b"%PDF-1.7", file_name="a.pdf", content_type="application/pdf", scope="files"),
        make_upload(alice, silent_film(), file_name="a.mp4", content_type="video/mp4", scope="files"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            ask(alice, upload)
        assert list(refused.value.details) == ["upload_id"]


def test_a_recording_that_is_known_to_be_too_long_is_refused_at_once(alice, settings):
    settings.MAX_RECORDING_SECONDS = 60
    with pytest.raises(ValidationFailed, match="another look") as refused:
        ask(alice, make_upload(alice, duration_ms=60_001))
    assert "1 minutes" in str(refused.value.details["upload_id"])


@pytest.mark.parametrize("status", [each for each in Upload.Status if each != Upload.Status.COMPLETED])
def test_an_upload_that_is_not_completed_conflicts(alice, status):
    upload = make_upload(alice, status=status, bytes=None, completed_at=None)
    with pytest.raises(Conflict):
        ask(alice, upload)


@pytest.mark.parametrize("gone", ["deleted_at", "purged_at"])
def test_a_file_in_the_bin_or_gone_conflicts(alice, gone):
    upload = make_upload(alice)
    File.objects.update(**{gone: timezone.now()})
    with pytest.raises(Conflict):
        ask(alice, upload)


def test_somebody_elses_upload_is_not_found(alice, charlie):
    with pytest.raises(NotFound):
        ask(charlie, make_upload(alice))


def test_a_dot_in_the_bin_takes_no_recording(alice):
    dot = make_dot(owner=alice, deleted_at=timezone.now())
    with pytest.raises(Conflict):
        ask(alice, dot=dot)


def test_a_form_that_is_sent_twice_asks_once(alice):
    upload, key = make_upload(alice), uuid.uuid4()
    assert ask(alice, upload, request_key=key) == ask(alice, upload, request_key=key)


# --- What goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"no sound at all", "INVALID_AUDIO"), (silent_film(), "INVALID_AUDIO"), (recording(room(2, -80)), "NO_SPEECH")],
)
def test_bad_files_fail_for_good_and_at_once(alice, data, code):
    generation = make(alice, make_upload(alice, data))
    assert (generation.status, generation.error_code, generation.failures) == ("failed", code, 0)
    assert not generation.audio_key


def test_too_much_sound_fails_whatever_its_header_said(alice, settings):
    settings.MAX_RECORDING_SECONDS = 3
    generation = make(alice, make_upload(alice, duration_ms=1_000))
    assert (generation.status, generation.error_code) == ("failed", "INVALID_AUDIO")


def test_an_object_that_is_not_there_is_the_storages_fault(alice):
    upload = make_upload(alice)
    store().delete(upload.key)
    generation = make(alice, upload)
    assert (generation.status, generation.error_code) == ("failed", "STORAGE_FAILED")


def test_an_upload_that_was_erased_meanwhile_ends_it(alice):
    generation = ask(alice)
    File.objects.all().delete()
    Upload.objects.all().delete()
    pipeline.fulfil(generation.pk)
    generation.refresh_from_db()
    assert (generation.status, generation.error_code) == ("failed", "INVALID_AUDIO")


def test_it_can_be_tried_again_as_long_as_the_file_is_there(alice, settings):
    settings.MAX_RECORDING_SECONDS = 3
    failed = make(alice, make_upload(alice, duration_ms=1_000))
    settings.MAX_RECORDING_SECONDS = 60

    services.retry_generation(generation=failed)
    pipeline.fulfil(failed.pk)

    assert Generation.objects.get().status == Generation.Status.READY


def test_it_is_not_tried_again_without_its_file(alice):
    upload = make_upload(alice)
    generation = make_generation(
        owner=alice, status=Generation.Status.FAILED, source=Generation.Source.UPLOAD, upload=upload
    )
    File.objects.update(deleted_at=timezone.now())
    with pytest.raises(Conflict, match="bin"):
        services.retry_generation(generation=generation)


def test_a_cancel_is_seen_while_it_is_made(alice, monkeypatch):
    generation = ask(alice)
    monkeypatch.setattr(pipeline, "WRITE_EVERY_SECONDS", 0)
    real = pipeline.make_from_recording

    def cancelled_meanwhile(*arguments, **options):
        services.cancel_generation(generation=Generation.objects.get())
        return real(*arguments, **options)

    monkeypatch.setattr(pipeline, "make_from_recording", cancelled_meanwhile)
    pipeline.fulfil(generation.pk)
    generation.refresh_from_db()
    assert (generation.status, generation.audio_key) == ("cancelled", "")


# --- What becomes of the file --------------------------------------------------------------------------------------


def test_a_file_is_in_use_until_the_dot_has_an_object_of_its_own(alice):
    upload = make_upload(alice)
    other = make_upload(alice, file_name="other.wav")
    files = list(File.objects.values_list("pk", flat=True))
    generation = ask(alice, upload)
    assert sources.files_in_use(files) == {upload.file.pk}

    pipeline.fulfil(generation.pk)

    assert sources.files_in_use(files) == set()
    assert other.file.pk in files
