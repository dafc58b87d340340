"""Putting a dot into the bin and taking it out."""

import pytest

from generations.models import Generation
from generations.services import delete_dot
from tests.factories import make_generation

pytestmark = pytest.mark.django_db


@pytest.fixture
def dot(alice):
    return make_generation(owner=alice, text="Hello.", status="ready").dot


def test_deleting_puts_it_into_the_bin_with_the_way_back(client, alice, dot):
    client.force_login(alice)

    page = client.post(f"/dots/{dot.code}/delete", follow=True).content.decode()

    dot.refresh_from_db()
    assert dot.deleted_at
    assert "is in the bin. Its code no longer plays." in page
    assert f'action="/dots/{dot.code}/restore"' in page
    assert "for 30 days" in page
    assert f'action="/dots/{dot.code}/delete"' not in page


def test_restoring_brings_it_back_under_its_code(client, alice, dot):
    delete_dot(dot=dot)
    client.force_login(alice)

    page = client.post(f"/dots/{dot.code}/restore", follow=True).content.decode()

    dot.refresh_from_db()
    assert dot.deleted_at is None
    assert "is back, under the same code." in page


def test_what_is_being_made_for_it_is_cancelled(client, alice):
    generation = make_generation(owner=alice)
    client.force_login(alice)

    client.post(f"/dots/{generation.dot.code}/delete")

    generation.refresh_from_db()
    assert generation.status == Generation.Status.CANCELLED


def test_restoring_what_is_not_in_the_bin_says_so(client, alice, dot):
    client.force_login(alice)
    page = client.post(f"/dots/{dot.code}/restore", follow=True).content.decode()
    assert "This dot is not in the bin." in page


@pytest.mark.parametrize("action", ["delete", "restore"])
def test_it_needs_sign_in(client, dot, action):
    response = client.post(f"/dots/{dot.code}/{action}")
    assert response.url == "/account/login/?next=/home"
    dot.refresh_from_db()
    assert dot.deleted_at is None


@pytest.mark.parametrize("action", ["delete", "restore"])
def test_a_stranger_gets_404(client, charlie, dot, action):
    client.force_login(charlie)
    assert client.post(f"/dots/{dot.code}/{action}").status_code == 404
    dot.refresh_from_db()
    assert dot.deleted_at is None


@pytest.mark.parametrize("action", ["delete", "restore"])
def test_a_link_cannot_do_it(client, alice, dot, action):
    client.force_login(alice)
    assert client.get(f"/dots/{dot.code}/{action}").status_code == 405
