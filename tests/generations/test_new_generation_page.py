"""Another language, text or voice under a dot's code."""

import pytest

from generations.models import Dot, Generation
from generations.services import delete_dot
from tests.factories import make_generation, make_voice

pytestmark = pytest.mark.django_db


@pytest.fixture
def generation(alice):
    return make_generation(owner=alice, text="The first text.", status="ready", title="A dot", speed=1.5)


@pytest.fixture
def url(generation):
    return f"/dots/{generation.dot.code}/generations/new"


def test_it_adds_a_voice_under_the_same_code(client, alice, generation, url):
    make_voice(key="espeak:de", label="German", language="de")
    client.force_login(alice)

    response = client.post(url, {"text": "Guten Tag.", "voice": "espeak:de"})

    assert response.url == f"/dots/{generation.dot.code}/"
    assert Dot.objects.count() == 1
    newest = Generation.objects.order_by("-pk")[0]
    assert (newest.dot, newest.language, newest.text) == (generation.dot, "de", "Guten Tag.")


def test_a_version_can_be_the_start(client, alice, generation, url):
    client.force_login(alice)

    form = client.get(url, {"from": generation.public_id}).context["form"]

    assert form["text"].value() == "The first text."
    assert form["voice"].value() == "espeak:en-gb"
    assert form["speed"].value() == 1.5


def test_a_strangers_version_is_no_start(client, alice, charlie, generation, url):
    secret = make_generation(owner=charlie, text="Charlie's secret")
    client.force_login(alice)

    for start in (secret.public_id, "nonsense", ""):
        assert not client.get(url, {"from": start}).context["form"]["text"].value()


def test_it_needs_sign_in(client, url):
    assert client.get(url).status_code == 302


def test_a_stranger_gets_404(client, charlie, url):
    client.force_login(charlie)
    assert client.get(url).status_code == 404
    assert client.post(url, {"text": "Mine now", "voice": "espeak:en-gb"}).status_code == 404
    assert Generation.objects.count() == 1


def test_bad_input_names_the_field(client, alice, url):
    client.force_login(alice)
    response = client.post(url, {"text": "", "voice": "espeak:en-gb"})
    assert response.status_code == 200
    assert "text" in response.context["form"].errors


def test_a_dot_in_the_bin_leads_back_to_it(client, alice, generation, url):
    delete_dot(dot=generation.dot)
    client.force_login(alice)
    assert client.get(url).url == f"/dots/{generation.dot.code}/"


def test_a_blocked_dot_says_so_on_the_form(client, alice, generation, url):
    Dot.objects.update(blocked_at=generation.created_at)
    client.force_login(alice)

    response = client.post(url, {"text": "Another one", "voice": "espeak:en-gb"})

    assert response.status_code == 200
    assert "This dot is blocked." in response.content.decode()
    assert "Another one" in response.content.decode()
