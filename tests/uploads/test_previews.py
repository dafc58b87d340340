"""Small pictures, first pages, first lines and waveforms."""

from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import pypdfium2
import pytest
from django.utils import timezone
from PIL import Image

from tests.factories import make_file
from tests.generations.recordings import CONTAINERS, recording, silent_film
from tests.uploads.samples import tone
from uploads import previews
from uploads.exceptions import StorageError
from uploads.library import preview_address
from uploads.models import File
from uploads.storage import store

pytestmark = pytest.mark.django_db


def picture(kind: str = "JPEG", size: tuple[int, int] = (1600, 800), **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


def page() -> bytes:
    document = pypdfium2.PdfDocument.new()
    document.new_page(595, 842)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def made(file: File) -> Image.Image:
    """The small picture of a file, made now."""
    previews.make_preview(file.pk)
    file.refresh_from_db()
    assert file.preview_made_at
    with store().open(file.preview_key) as stream:
        content = stream.read()
    assert file.preview_bytes == len(content)
    return Image.open(io.BytesIO(content))


def test_a_picture_gets_a_small_one_without_the_place_it_was_taken_at(alice):
    exif = Image.Exif()
    exif[0x0110] = "Camera of Alice"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)  # GPSLatitude
    exif[0x0112] = 6  # lies on its side
    content = picture(exif=exif)
    assert b"Camera of Alice" in content
    file = make_file(owner=alice, file_name="a.jpg", content_type="image/jpeg", content=content)

    small = made(file)

    assert (small.format, small.size) == ("JPEG", (320, 640))  # turned upright
    assert not small.getexif()
    assert "exif" not in small.info
    assert file.preview_kind == File.PreviewKind.IMAGE
    assert file.preview_key.startswith("previews/")
    assert preview_address(file).startswith("http")


def test_transparency_lies_on_white(alice):
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    file = make_file(owner=alice, file_name="a.png", content_type="image/png", content=out.getvalue())

    assert made(file).getpixel((5, 5)) == (255, 255, 255)


def test_a_drawing_is_turned_into_pixels(alice):
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="red"/></svg>'
    file = make_file(owner=alice, file_name="a.svg", content_type="image/svg+xml", content=svg)
    assert made(file).size == (640, 320)


def test_a_pdf_shows_its_first_page(alice):
    file = make_file(owner=alice, file_name="a.pdf", content_type="application/pdf", content=page())

    assert max(made(file).size) == 640
    assert file.preview_kind == File.PreviewKind.PAGE


def test_a_text_shows_its_first_lines(alice):
    text = "".join(f"Zeile {number} äöü\n" for number in range(2000))
    file = make_file(owner=alice, content=text.encode())

    previews.make_preview(file.pk)

    file.refresh_from_db()
    assert file.text_excerpt.splitlines() == [f"Zeile {number} äöü" for number in range(40)]


@pytest.mark.parametrize(
    ("content_type", "content"),
    [("image/png", b"not a picture"), ("application/pdf", b"%PDF-1.7 broken"), ("image/svg+xml", b"<svg")],
)
def test_what_cannot_be_drawn_stays_without(alice, content_type, content):
    file = make_file(owner=alice, file_name="a", content_type=content_type, content=content)

    previews.make_preview(file.pk)

    file.refresh_from_db()
    assert file.preview_made_at
    assert (file.preview_kind, file.preview_key) == ("", "")
    assert preview_address(file) == ""


@pytest.mark.parametrize(("container", "codec", "content_type"), CONTAINERS)
def test_a_sound_gets_its_waveform(alice, container, codec, content_type):
    """Soft, then loud, in every container."""
    samples = np.concatenate([tone(2.0) * 0.1, tone(2.0)])
    content = recording(samples, container, codec)
    file = make_file(owner=alice, file_name="a", content_type=content_type, content=content)

    previews.make_preview(file.pk)

    file.refresh_from_db()
    assert file.preview_made_at
    quarter = len(file.peaks) // 4
    assert 40 <= len(file.peaks) <= 1000
    assert all(2 <= peak <= 30 for peak in file.peaks[2 : 2 * quarter - 2])
    assert all(peak >= 60 for peak in file.peaks[2 * quarter + 2 : 4 * quarter - 2])


def test_a_sound_that_is_cut_off_is_drawn_as_far_as_it_goes(alice):
    content = recording(tone(4.0), "mp3", "libmp3lame")
    file = make_file(
        owner=alice, file_name="a.mp3", content_type="audio/mpeg", content=content[: len(content) // 2 + 50]
    )
    previews.make_preview(file.pk)
    file.refresh_from_db()
    assert max(file.peaks) == 100


@pytest.mark.parametrize("content", [b"not sound", b"#EXTM3U\n/etc/passwd\n", silent_film()])
def test_what_cannot_be_heard_stays_without_a_waveform(alice, content):
    file = make_file(owner=alice, file_name="a.m4a", content_type="audio/mp4", content=content)
    previews.make_preview(file.pk)
    file.refresh_from_db()
    assert (bool(file.preview_made_at), file.peaks) == (True, [])


def test_a_decoder_that_does_not_end_is_ended(alice, monkeypatch):
    monkeypatch.setattr(previews, "_HEAR_SECONDS", 0.01)
    file = make_file(owner=alice, file_name="a.wav", content_type="audio/wav", content=recording(tone(60.0)))
    previews.make_preview(file.pk)
    file.refresh_from_db()
    assert (bool(file.preview_made_at), file.peaks) == (True, [])


def test_a_picture_of_too_many_pixels_is_not_drawn(alice):
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    content = out.getvalue()
    file = make_file(owner=alice, file_name="a.png", content_type="image/png", content=content)

    previews.make_preview(file.pk)

    file.refresh_from_db()
    assert (bool(file.preview_made_at), file.preview_kind) == (True, "")


def test_it_is_made_once(alice):
    file = make_file(owner=alice, file_name="a.jpg", content_type="image/jpeg", content=picture())
    made(file)
    key, at = file.preview_key, file.preview_made_at

    previews.make_preview(file.pk)

    file.refresh_from_db()
    assert (file.preview_key, file.preview_made_at) == (key, at)


def test_a_storage_that_is_down_leaves_it_for_later(alice, monkeypatch):
    file = make_file(owner=alice, file_name="a.jpg", content_type="image/jpeg", content=picture())

    def down(*args):
        raise StorageError

    with monkeypatch.context() as patch:
        patch.setattr(type(store()), "put", down)
        with pytest.raises(StorageError):
            previews.make_preview(file.pk)
    file.refresh_from_db()
    assert file.preview_made_at is None

    made(file)


def test_what_was_never_called_for_is_called_for_again(alice, monkeypatch):
    called: list[int] = []
    monkeypatch.setattr(previews, "ring_for_preview", called.append)
    ages = {"fresh": 1, "lost": 10, "given up": 60 * 48}
    rows = {}
    for name, minutes in ages.items():
        rows[name] = make_file(owner=alice, file_name=name).pk
        File.objects.filter(pk=rows[name]).update(created_at=timezone.now() - timedelta(minutes=minutes))

    assert previews.ring_for_missing() == 1
    assert called == [rows["lost"]]


@pytest.mark.parametrize(("name", "content", "waits"), [("a.txt", b"Sow beans.", False), ("a.wav", None, True)])
def test_a_waveform_waits_for_the_dot_that_may_be_asked_for_next(
    client, alice, monkeypatch, django_capture_on_commit_callbacks, name, content, waits
):
    sent: list[tuple[str, float]] = []
    monkeypatch.setattr(
        "celery.app.base.Celery.send_task",
        lambda app, task, args, countdown=None, **options: sent.append((task, countdown or 0)),
    )
    client.force_login(alice)
    file = io.BytesIO(content or recording(tone(1.0)))
    file.name = name

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/files/upload", {"file": file})

    ((task, countdown),) = sent
    assert task == "uploads.tasks.make_preview"
    assert (countdown > 0) == waits


def old_sound(owner, content: bytes | None = None) -> File:
    """One from before there were waveforms."""
    content = content or recording(tone(1.0))
    file = make_file(owner=owner, file_name="a.wav", content_type="audio/wav", content=content)
    File.objects.filter(pk=file.pk).update(created_at=timezone.now() - timedelta(days=400))
    return file


def test_old_sounds_without_a_waveform_are_called_for_some_at_a_time(alice, monkeypatch):
    called: dict[int, float] = {}
    monkeypatch.setattr(
        previews, "ring_for_preview", lambda file_id, after_seconds=0: called.update({file_id: after_seconds})
    )
    monkeypatch.setattr(previews, "_OLD_AT_A_TIME", 2)
    sounds = [old_sound(alice).pk for _number in range(3)]

    assert previews.ring_for_missing() == 2
    assert list(called) == sounds[:2]
    assert called[sounds[0]] < called[sounds[1]] < 600  # one after the other, and none when the next run calls again

    for file_id in called:
        previews.make_preview(file_id)
    assert previews.ring_for_missing() == 1
    assert list(called) == sounds
    previews.make_preview(sounds[2])
    assert all(File.objects.get(pk=file_id).peaks for file_id in sounds)
    assert previews.ring_for_missing() == 0


def test_an_old_sound_that_brings_the_worker_down_is_tried_once(alice, monkeypatch):
    file = old_sound(alice)

    def killed(file):
        raise SystemExit

    monkeypatch.setattr(previews, "_peaks", killed)
    with pytest.raises(SystemExit):
        previews.make_preview(file.pk)
    assert previews.ring_for_missing() == 0


@pytest.mark.parametrize("content", [b"not sound", "gone"])
def test_an_old_sound_without_anything_to_hear_is_tried_once(alice, content):
    file = old_sound(alice, None if content == "gone" else content)
    if content == "gone":
        store().delete(file.upload.key)
    previews.make_preview(file.pk)
    assert previews.ring_for_missing() == 0


def test_an_old_sound_is_tried_again_when_the_storage_was_down(alice, monkeypatch):
    file = old_sound(alice)

    def down(file):
        raise StorageError

    with monkeypatch.context() as patch:
        patch.setattr(previews, "_peaks", down)
        with pytest.raises(StorageError):
            previews.make_preview(file.pk)
    monkeypatch.setattr(previews, "ring_for_preview", lambda *arguments, **options: None)
    assert previews.ring_for_missing() == 1


def test_storing_a_file_calls_for_its_preview(client, alice, monkeypatch, django_capture_on_commit_callbacks):
    called: list[int] = []
    monkeypatch.setattr("uploads.receivers.ring_for_preview", lambda file_id, after_seconds: called.append(file_id))
    client.force_login(alice)

    with django_capture_on_commit_callbacks(execute=True):
        client.post("/files/upload", {"file": io.BytesIO(b"Sow beans.")})

    # The name has no extension, so nothing says that it is a text.
    assert called == []

    named = io.BytesIO(b"Sow beans.")
    named.name = "plan.txt"
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/files/upload", {"file": named})
    assert called == [File.objects.get().pk]
