"""The list of an account's dots."""

import pytest
from django.urls import reverse

from generations.models import DotTag
from generations.services import delete_dot
from tests.factories import make_dot, make_generation

pytestmark = pytest.mark.django_db
URL = "/dots/"


def test_it_shows_the_accounts_dots_with_their_state(client, alice):
    make_generation(owner=alice, text="The old town hall.", status="ready")
    make_dot(owner=alice, title="Not spoken yet")
    client.force_login(alice)

    page = client.get(URL).content.decode()

    assert "The old town hall." in page
    assert "live" in page
    assert "Not spoken yet" in page
    assert "being made" in page
    assert "2 dots" in page


def test_it_needs_sign_in(client):
    response = client.get(URL)

    assert response.status_code == 302
    assert response.url == f"{reverse('account_login')}?next=/dots/"


def test_a_stranger_sees_nothing_of_it(client, alice, charlie):
    make_dot(owner=alice, title="Alice's secret")
    client.force_login(charlie)

    page = client.get(URL).content.decode()

    assert "Alice's secret" not in page
    assert "No dots yet" in page


def test_it_is_only_looked_at(client, alice):
    client.force_login(alice)
    assert client.post(URL).status_code == 405


def test_an_account_without_dots_is_told_what_to_do(client, alice):
    client.force_login(alice)

    page = client.get(URL).content.decode()

    assert "No dots yet" in page
    assert 'href="/dots/new"' in page
    assert 'role="search"' not in page  # nothing there to be searched


def test_words_of_title_and_text_find_a_dot(client, alice):
    make_generation(owner=alice, text="The giraffe sleeps standing.", status="ready")
    make_generation(owner=alice, text="The otter sleeps swimming.", status="ready")
    client.force_login(alice)

    page = client.get(URL, {"q": "gira sleep"}).content.decode()

    assert "giraffe" in page
    assert "otter" not in page


def test_nothing_found_is_said_with_the_way_back(client, alice):
    make_dot(owner=alice)
    client.force_login(alice)

    page = client.get(URL, {"q": "unicorn"}).content.decode()

    assert "No dot fits" in page
    assert "Show all dots" in page
    assert 'value="unicorn"' in page


def test_status_and_tag_narrow_it_down(client, alice):
    live = make_generation(owner=alice, text="Alive and well", status="ready").dot
    DotTag.objects.create(dot=live, name="zoo")
    make_dot(owner=alice, title="In the making")
    client.force_login(alice)

    for query in ({"status": "live"}, {"tag": "zoo"}, {"status": "live", "tag": "zoo"}):
        page = client.get(URL, query).content.decode()
        assert "Alive and well" in page, query
        assert "In the making" not in page, query


def test_nonsense_narrows_nothing_down(client, alice):
    make_dot(owner=alice, title="Still here")
    client.force_login(alice)

    response = client.get(URL, {"status": "purple", "tag": "none", "page": "minus one", "q": "\x00"})

    assert response.status_code == 200
    assert "Still here" in response.content.decode()


def test_the_bin_is_a_tab_of_its_own(client, alice):
    thrown = make_dot(owner=alice, title="Thrown away")
    make_dot(owner=alice, title="Kept")
    delete_dot(dot=thrown)
    client.force_login(alice)

    listed = client.get(URL).content.decode()
    binned = client.get(URL, {"bin": "yes"}).content.decode()

    assert "Thrown away" not in listed
    assert "Bin (1)" in listed
    assert "Thrown away" in binned
    assert "Kept" not in binned


def test_it_is_paged_and_keeps_the_filters(client, alice):
    for number in range(25):
        make_dot(owner=alice, title=f"Number {number:02d}")
    client.force_login(alice)

    first = client.get(URL, {"status": "making"}).content.decode()
    second = client.get(URL, {"status": "making", "page": 2}).content.decode()

    assert "Number 24" in first
    assert "Number 04" not in first
    assert "?status=making&amp;page=2" in first
    assert "Number 04" in second
    assert "Number 24" not in second


def test_titles_are_text_not_markup(client, alice):
    make_dot(owner=alice, title="<script>alert(1)</script>")
    client.force_login(alice)

    assert b"<script>alert" not in client.get(URL).content


def test_its_queries_do_not_grow_with_its_rows(client, alice, django_assert_max_num_queries):
    for number in range(15):
        dot = make_generation(owner=alice, text=f"Text {number}", status="ready").dot
        DotTag.objects.create(dot=dot, name=f"tag {number}")
    client.force_login(alice)

    with django_assert_max_num_queries(11):
        client.get(URL)
