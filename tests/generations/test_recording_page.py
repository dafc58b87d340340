"""The form that makes a dot from a recording, and the calls that its script makes."""

from __future__ import annotations

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from generations import pipeline
from generations.models import Dot, Generation
from tests.factories import make_dot, make_generation, make_voice
from tests.generations.recordings import CONTAINERS, make_upload, recording, speech
from uploads.models import File, Upload
from uploads.storage import store

pytestmark = pytest.mark.django_db
URL = "/dots/new/recording"
SIGN = "/files/uploads"


@pytest.fixture
def web(client, alice):
    make_voice()
    client.force_login(alice)
    return client


def filled(**changes):
    return {"language": "en-GB", "title": "", "text": "", "picked": "", "request_key": str(uuid.uuid4()), **changes}


def chosen(data=None, name="walk.wav", content_type="audio/wav"):
    return SimpleUploadedFile(name, recording(speech()) if data is None else data, content_type)


def errors(response) -> dict:
    assert response.status_code == 200
    return response.context["form"].errors


# --- The form alone ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("container", "codec", "content_type"), CONTAINERS)
def test_without_javascript_the_form_carries_the_file(web, alice, container, codec, content_type):
    ending = {"mp4": "m4a"}.get(container, container)
    file = chosen(recording(speech(), container, codec), f"walk.{ending}", content_type)

    response = web.post(URL, filled(file=file, text="The path begins at the gate."))

    generation = Generation.objects.get()
    assert response.url == f"/dots/{generation.dot.code}/"
    assert (generation.owner, generation.source, generation.tokens) == (alice, "upload", 0)
    assert (generation.upload.content_type, generation.upload.scope) == (content_type, "audio")
    assert File.objects.get().upload == generation.upload
    pipeline.fulfil(generation.pk)
    assert Generation.objects.get().status == Generation.Status.READY


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("walk.wav", "audio/x-wav"),
        ("walk.wav", ""),
        ("walk.wav", "application/octet-stream"),
        ("walk.wav", "audio/wave"),
    ],
)
def test_browsers_call_one_type_by_many_names(web, name, said):
    web.post(URL, filled(file=chosen(name=name, content_type=said)))
    assert Upload.objects.get().content_type == "audio/wav"


def test_a_file_of_the_library_can_be_picked(web, alice):
    upload = make_upload(alice)
    assert "A walk.wav" in web.get(URL).content.decode()

    web.post(URL, filled(picked=str(upload.file.public_id)))

    assert Generation.objects.get().upload == upload


def test_a_files_own_page_may_lead_here(web, alice):
    public_id = make_upload(alice).file.public_id
    assert f'value="{public_id}" selected' in web.get(f"{URL}?file={public_id}").content.decode()
    assert web.get(f"{URL}?file=nonsense\x00").status_code == 200


def test_only_the_owners_sounds_are_offered(web, alice, charlie):
    make_upload(charlie, file_name="hers.wav")
    make_upload(alice, b"%PDF-1.7", file_name="paper.pdf", content_type="application/pdf", scope="files")
    binned = make_upload(alice, file_name="binned.wav")
    File.objects.filter(pk=binned.file.pk).update(deleted_at=timezone.now())

    shown = web.get(URL).content.decode()

    for name in ("hers.wav", "paper.pdf", "binned.wav"):
        assert name not in shown
    foreign = Upload.objects.get(owner=charlie).file.public_id
    assert "no longer there" in errors(web.post(URL, filled(picked=str(foreign))))["picked"][0]


def test_a_recording_in_another_language_joins_the_dot(web, alice):
    dot = make_dot(owner=alice)
    web.post(f"/dots/{dot.code}/recordings/new", filled(picked=str(make_upload(alice).file.public_id)))
    assert Generation.objects.get().dot == dot


def test_a_dot_in_the_bin_takes_none(web, alice):
    dot = make_dot(owner=alice, deleted_at=timezone.now())
    assert web.get(f"/dots/{dot.code}/recordings/new").status_code == 302


def test_the_languages_are_those_of_voices_and_of_what_was_recorded(web, alice):
    make_generation(owner=alice, language="gsw")
    codes = [code for code, _name in web.get(URL).context["form"].fields["language"].choices]
    assert {"", "en-GB", "gsw"} <= set(codes)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({}, "file", "Please record something, or choose a file."),
        ({"file": ("", b"", "audio/wav")}, "file", "Please record something"),
        ({"file": ("empty.wav", b"", "audio/wav")}, "file", "This file is empty."),
        ({"file": ("page.wav", b"<html><script>alert(1)</script></html>", "audio/wav")}, "file", ""),
        ({"file": ("page.html", b"<html></html>", "text/html")}, "file", ""),
        ({"upload_id": str(uuid.uuid4())}, "upload_id", "This recording is no longer there."),
        ({"upload_id": "7"}, "upload_id", ""),
        ({"picked": str(uuid.uuid4())}, "picked", "This file is no longer there."),
        ({"language": ""}, "language", "Please choose the language that is heard."),
        ({"language": "xx-klingon"}, "language", "not one of the available choices"),
        ({"title": "t" * 121}, "title", "at most 120"),
        ({"text": "bell \x07"}, "text", "control character"),
    ],
)
def test_bad_input_is_said_beside_its_field(web, changes, field, sentence):
    if "file" in changes:
        changes = {"file": SimpleUploadedFile(*changes["file"])} if changes["file"][0] else {}

    response = web.post(URL, filled(**changes))

    assert sentence in errors(response)[field][0]
    assert not Dot.objects.exists()
    assert not File.objects.exists()


def test_a_file_need_not_be_sent_twice(web, monkeypatch):
    """The service may refuse what the form let pass; the file is in the storage by then."""
    monkeypatch.setattr("generations.services.recordings.TRANSCRIPT_LENGTH", 5)
    refused = web.post(URL, filled(file=chosen(), text="Too long a transcript."))
    assert errors(refused)["text"]
    kept = refused.context["form"]["upload_id"].value()
    assert "walk.wav" in refused.content.decode()

    web.post(URL, filled(upload_id=kept, text="Hm."))

    assert str(Generation.objects.get().upload.public_id) == kept


def test_a_second_submit_finds_the_first_ones_dot(web, alice):
    sent = filled(picked=str(make_upload(alice).file.public_id))
    first, second = web.post(URL, sent), web.post(URL, sent)
    assert first.url == second.url
    assert Dot.objects.count() == 1


def test_it_needs_sign_in(client, alice):
    dot = make_dot(owner=alice)
    for url in (URL, f"/dots/{dot.code}/recordings/new"):
        assert client.get(url).url.startswith("/account/")
        assert client.post(url, filled()).url.startswith("/account/")


def test_strangers_get_404(client, alice, charlie):
    dot = make_dot(owner=alice)
    client.force_login(charlie)
    assert client.get(f"/dots/{dot.code}/recordings/new").status_code == 404


def test_other_methods_are_refused(web):
    assert web.put(URL).status_code == 405


# --- With what the script has sent ---------------------------------------------------------------------------------


def test_what_the_script_has_sent_becomes_a_dot(web, alice):
    data = recording(speech())
    wish = {"scope": "audio", "fileName": "a.wav", "contentType": "audio/wav", "size": len(data)}
    signed = web.post(SIGN, json.dumps(wish), content_type="application/json").json()
    upload = Upload.objects.get()
    store().put(upload.key, data, "audio/wav")
    assert web.post(f"{SIGN}/{signed['uploadId']}/complete", "{}", content_type="application/json").status_code == 200

    web.post(URL, filled(upload_id=signed["uploadId"]))

    assert Generation.objects.get().upload == upload
    assert (upload.owner, upload.scope) == (alice, "audio")


def test_the_script_is_told_where_and_how_much(web, settings):
    settings.MULTIPART_MAX_BYTES = 3 * 1024**3
    page = web.get(URL)
    assert f'data-sign-url="{SIGN}"' in page.content.decode()
    assert page.context["upload_settings"]["mostBytes"] == 3 * 1024**3
