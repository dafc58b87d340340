"""What an owner can do with one generation: watch, cancel, try again, delete, listen."""

from uuid import uuid4

import pytest

from accounts import ledger
from generations.models import Generation
from tests.factories import make_generation, make_ready_generation, make_voice

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/dots/ABC234/"}
Status = Generation.Status


@pytest.fixture
def running(alice):
    generation = make_generation(owner=alice, status=Status.PROCESSING, progress=40, tokens=27)
    ledger.charge(account=alice, amount=27, reference=generation.public_id, attempt=1)
    return generation


def address(generation, action):
    return f"/generations/{generation.public_id}/{action}"


# --- Watching -------------------------------------------------------------------------------------------------------


def test_a_running_generations_bar_is_answered_alone(client, alice, running):
    client.force_login(alice)

    response = client.get(address(running, "status"), headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert 'value="40"' in page
    assert "<html" not in page
    assert "HX-Retarget" not in response


def test_milestones_change_five_times_at_most(client, alice, running):
    client.force_login(alice)
    heard = set()
    for progress in range(0, 100, 3):
        Generation.objects.update(progress=progress)
        heard.add(client.get(address(running, "status"), headers=HTMX).context["one"].milestone)
    assert len(heard) == 4


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.READY, "English (United Kingdom) is ready."),
        (Status.FAILED, "English (United Kingdom) could not be made. The tokens are back."),
        (Status.CANCELLED, "English (United Kingdom) was cancelled. The tokens are back."),
    ],
)
def test_when_it_has_ended_the_whole_dot_is_answered(client, alice, running, status, sentence):
    Generation.objects.update(status=status)
    client.force_login(alice)

    response = client.get(address(running, "status"), headers=HTMX)

    assert response["HX-Retarget"] == "#dot-body"
    assert response["HX-Reswap"] == "outerHTML"
    assert f'data-announce="{sentence}"' in response.content.decode()
    assert "<html" not in response.content.decode()


def test_opened_as_a_page_it_leads_to_the_dot(client, alice, running):
    client.force_login(alice)
    assert client.get(address(running, "status")).url == f"/dots/{running.dot.code}/"


def test_after_the_session_has_ended_the_whole_page_goes_to_sign_in(client, running):
    response = client.get(address(running, "status"), headers=HTMX)
    assert response["HX-Redirect"] == "/account/login/?next=/dots/ABC234/"


# --- Cancelling, trying again, deleting -----------------------------------------------------------------------------


def test_cancelling_gives_the_tokens_back(client, alice, running):
    client.force_login(alice)

    page = client.post(address(running, "cancel"), follow=True).content.decode()

    running.refresh_from_db()
    alice.refresh_from_db()
    assert running.status == Status.CANCELLED
    assert alice.token_balance == 10_000
    assert "Cancelled. The tokens are back." in page


def test_what_has_ended_cannot_be_cancelled(client, alice):
    generation = make_generation(owner=alice, status=Status.READY)
    client.force_login(alice)
    page = client.post(address(generation, "cancel"), follow=True).content.decode()
    assert "This has already ended" in page


def test_trying_again_is_charged_again(client, alice):
    failed = make_generation(owner=alice, status=Status.FAILED, error_code="TIMEOUT", tokens=27)
    client.force_login(alice)

    client.post(address(failed, "retry"))

    failed.refresh_from_db()
    alice.refresh_from_db()
    assert (failed.status, failed.attempt) == (Status.QUEUED, 2)
    assert alice.token_balance == 10_000 - 27


def test_trying_again_without_tokens_says_what_is_missing(client, alice):
    failed = make_generation(owner=alice, status=Status.FAILED, text="x" * 20_000)
    client.force_login(alice)

    page = client.post(address(failed, "retry"), follow=True).content.decode()

    failed.refresh_from_db()
    assert failed.status == Status.FAILED
    assert "This costs 20000 tokens and you have 10000." in page


def test_an_ended_version_can_be_deleted(client, alice):
    old = make_generation(owner=alice, status=Status.READY)
    client.force_login(alice)

    page = client.post(address(old, "delete"), follow=True).content.decode()

    assert not Generation.objects.exists()
    assert "This version in English (United Kingdom) is deleted." in page


def test_a_running_one_is_not_deleted(client, alice, running):
    client.force_login(alice)
    page = client.post(address(running, "delete"), follow=True).content.decode()
    assert Generation.objects.exists()
    assert "Cancel it first." in page


# --- The same questions to each -------------------------------------------------------------------------------------

LOOKED_AT = ["status", "audio.mp3", "captions.vtt"]
DONE = ["cancel", "retry", "delete"]


@pytest.mark.parametrize("action", [*LOOKED_AT, *DONE, "captions"])
def test_each_needs_sign_in(client, running, action):
    response = client.post(address(running, action)) if action in DONE else client.get(address(running, action))
    assert response.status_code == 302
    assert response.url.startswith("/account/login/")
    running.refresh_from_db()
    assert running.status == Status.PROCESSING


@pytest.mark.parametrize("action", [*LOOKED_AT, *DONE, "captions"])
def test_a_stranger_gets_404(client, charlie, running, action):
    client.force_login(charlie)
    response = client.post(address(running, action)) if action in DONE else client.get(address(running, action))
    assert response.status_code == 404
    running.refresh_from_db()
    assert running.status == Status.PROCESSING


@pytest.mark.parametrize("action", [*LOOKED_AT, *DONE])
def test_wrong_methods_are_refused(client, alice, running, action):
    client.force_login(alice)
    response = client.get(address(running, action)) if action in DONE else client.post(address(running, action))
    assert response.status_code == 405


def test_an_unknown_one_is_404(client, alice):
    client.force_login(alice)
    assert client.get(f"/generations/{uuid4()}/status").status_code == 404


# --- Listening ------------------------------------------------------------------------------------------------------


def test_audio_and_captions_are_there_for_the_owner(client, alice):
    make_voice()
    generation = make_ready_generation(owner=alice, text="Hello there.")
    client.force_login(alice)

    audio = client.get(address(generation, "audio.mp3"))
    captions = client.get(address(generation, "captions.vtt") + "?download")

    assert audio.status_code == 302
    assert generation.audio_key in audio.url
    assert captions["Content-Type"] == "text/vtt; charset=utf-8"
    assert captions["Content-Disposition"] == f'attachment; filename="micdots-{generation.dot.code}-en-GB.vtt"'
    assert "Hello there." in captions.content.decode()


@pytest.mark.parametrize("action", ["audio.mp3", "captions.vtt"])
def test_what_is_not_ready_has_no_audio(client, alice, running, action):
    client.force_login(alice)
    assert client.get(address(running, action)).status_code == 404
