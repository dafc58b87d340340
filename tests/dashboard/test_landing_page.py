"""The first page that somebody sees."""

import pytest

from tests.factories import make_voice

pytestmark = pytest.mark.django_db


def test_it_says_what_micdots_does_and_where_to_go(client):
    make_voice()

    page = " ".join(client.get("/").content.decode().split())

    assert "Give any place a voice" in page
    assert "1 voices in 1 language." in page or "1 voice in 1 language." in page
    for address in ("/account/signup/", "/account/login/", "/voices/", "/api/v1/docs"):
        assert f'href="{address}"' in page


def test_who_is_signed_in_may_see_it_too(client, alice):
    client.force_login(alice)

    page = client.get("/").content.decode()

    assert 'href="/dots/new"' in page
    assert 'href="/account/signup/"' not in page


def test_where_sign_up_is_closed_it_is_not_offered(client, settings):
    settings.SIGNUP_OPEN = False
    main = client.get("/").content.decode().split("<main")[1].split("</main")[0]
    assert "/account/signup/" not in main


def test_it_sets_no_cookie(client):
    assert not client.get("/").cookies


def test_it_is_only_looked_at(client):
    assert client.post("/").status_code == 405
