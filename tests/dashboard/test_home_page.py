"""Where a client arrives after signing in."""

import pytest

from tests.factories import make_dot, make_generation

pytestmark = pytest.mark.django_db


def test_it_greets_and_shows_balance_and_newest_dots(client, alice):
    for number in range(7):
        make_dot(owner=alice, title=f"Number {number}")
    client.force_login(alice)

    page = client.get("/home").content.decode()

    assert "Hello, Alice" in page
    assert "10,000" in page
    assert "Number 6" in page
    assert "Number 1" not in page
    assert "All dots" in page


def test_the_first_visit_gets_a_hint(client, alice):
    client.force_login(alice)
    page = client.get("/home").content.decode()
    assert "Your first dot in three steps" in page
    assert "Make your first dot" in page


def test_it_shows_nothing_of_strangers(client, alice, charlie):
    make_dot(owner=alice, title="Alice's secret")
    client.force_login(charlie)
    assert "Alice's secret" not in client.get("/home").content.decode()


def test_what_was_begun_and_came_to_nothing_is_not_being_made(client, alice):
    make_generation(owner=alice, text="Failed", status="failed", error_code="ENGINE_FAILED")
    client.force_login(alice)

    page = client.get("/home").content.decode()

    assert "not made" in page
    assert "being made" not in page

    make_generation(owner=alice, text="Waits")
    assert "being made" in client.get("/home").content.decode()


def test_it_needs_sign_in(client):
    assert client.get("/home").url == "/account/login/?next=/home"


def test_it_is_only_looked_at(client, alice):
    client.force_login(alice)
    assert client.post("/home").status_code == 405


def test_its_queries_do_not_grow_with_the_dots(client, alice, django_assert_max_num_queries):
    for number in range(6):
        make_generation(owner=alice, text=f"Text {number}", status="ready")
    client.force_login(alice)
    with django_assert_max_num_queries(7):
        client.get("/home")
