"""Two clicks on "Make the dot": the same form arrives twice at the same moment, and one dot is made and paid for."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from accounts.ledger_check import find_faults
from accounts.models import TokenEntry, User
from generations.models import Dot, Generation
from tests.factories import make_user, make_voice
from tests.generations.recordings import make_upload, recording, speech
from tests.generations.test_races import at_once
from uploads.models import File, Upload

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5
SUBMITS = 2
TEXT = "Ten chars."


def browser_of(owner: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    return client


def open_form(client: Client, url: str) -> dict[str, str]:
    """What the page's own form sends, as it is when it comes."""
    form = client.get(url).context["form"]
    hidden = {name: str(form[name].value() or "") for name in form.fields}
    return hidden | {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}


def submit(client: Client, url: str, form: dict[str, Any]) -> HttpResponse:
    sent = {name: a_file(value) if isinstance(value, bytes) else value for name, value in form.items()}
    return client.post(url, sent)


def a_file(sound: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("walk.wav", sound, "audio/wav")


def submit_at_once(owner: User, url: str, **filled: Any) -> list[HttpResponse]:
    """One page, submitted in threads that start together, each over a connection of its own."""
    first = browser_of(owner)
    form = open_form(first, url) | filled
    tabs = [first]
    for _number in range(SUBMITS - 1):
        tab = Client(enforce_csrf_checks=True)
        tab.cookies = first.cookies.copy()
        tabs.append(tab)
    outcomes: list[Any] = at_once(*(partial(submit, tab, url, form) for tab in tabs))
    assert [outcome.status_code for outcome in outcomes] == [HTTPStatus.FOUND] * SUBMITS, outcomes
    return outcomes


def test_a_typed_text_makes_one_dot_and_is_paid_once():
    voice = make_voice()
    for number in range(ROUNDS):
        owner = make_user(email=f"owner{number}@example.org", tokens=100)

        outcomes = submit_at_once(owner, "/dots/new", text=TEXT, voice=voice.key)

        dot = Dot.objects.get(owner=owner)
        # Both clicks lead to it.
        assert {outcome["Location"] for outcome in outcomes} == {f"/dots/{dot.code}/"}
        assert Generation.objects.filter(owner=owner).count() == 1
        assert User.objects.get(pk=owner.pk).token_balance == 100 - len(TEXT)
        assert TokenEntry.objects.filter(account=owner, amount__lt=0).count() == 1
    assert not list(find_faults())


def test_a_recording_makes_one_dot():
    make_voice()
    for number in range(ROUNDS):
        owner = make_user(email=f"owner{number}@example.org")
        picked = str(make_upload(owner).file.public_id)

        outcomes = submit_at_once(owner, "/dots/new/recording", picked=picked, language="en-GB")

        dot = Dot.objects.get(owner=owner)
        assert {outcome["Location"] for outcome in outcomes} == {f"/dots/{dot.code}/"}
        assert Generation.objects.filter(owner=owner).count() == 1


def test_a_recording_that_the_form_carries_makes_one_dot_and_is_kept_once():
    make_voice()
    sound = recording(speech())
    for number in range(ROUNDS):
        owner = make_user(email=f"owner{number}@example.org")

        outcomes = submit_at_once(owner, "/dots/new/recording", file=sound, language="en-GB")

        dot = Dot.objects.get(owner=owner)
        assert {outcome["Location"] for outcome in outcomes} == {f"/dots/{dot.code}/"}
        assert Generation.objects.get(owner=owner).upload == File.objects.living().get(owner=owner).upload
        assert not File.objects.in_bin().filter(owner=owner).exists()


def test_the_form_sent_again_later_makes_nothing_and_keeps_nothing():
    make_voice()
    owner = make_user()
    client = browser_of(owner)
    form = open_form(client, "/dots/new/recording") | {"language": "en-GB"}

    first = submit(client, "/dots/new/recording", form | {"file": a_file(recording(speech()))})
    again = submit(client, "/dots/new/recording", form | {"file": a_file(recording(speech()))})

    assert first["Location"] == again["Location"]
    assert File.objects.count() == Upload.objects.count() == 1


def test_the_form_opened_twice_makes_two():
    """Two pages are two wishes, even for the same text."""
    voice = make_voice()
    owner = make_user(tokens=100)
    for _page in range(2):
        client = browser_of(owner)
        client.post("/dots/new", open_form(client, "/dots/new") | {"text": TEXT, "voice": voice.key})
    assert Dot.objects.filter(owner=owner).count() == 2
