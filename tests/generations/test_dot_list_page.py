"""The list of an account's dots."""

import re

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


# --- While dots are being made --------------------------------------------------------------------------------------

MADE = "/dots/made"
HTMX = {"HX-Request": "true"}


def asks_for(page: str) -> list[str]:
    """The codes that the list will ask for again."""
    return re.findall(r"code=(\w+)", page.partition('id="dots-making"')[2].partition(">")[0])


def test_it_asks_again_for_what_is_being_made_only(client, alice):
    queued = make_generation(owner=alice, text="Waits").dot
    running = make_generation(owner=alice, text="Runs", status="processing").dot
    make_generation(owner=alice, text="Plays", status="ready")
    make_generation(owner=alice, text="Failed", status="failed")
    another_language = make_generation(owner=alice, text="Plays and runs", status="ready").dot
    make_generation(owner=alice, text="En marche", dot=another_language)
    client.force_login(alice)

    page = client.get(URL).content.decode()

    assert asks_for(page) == [another_language.code, running.code, queued.code]
    assert page.count("not made") == 1


def test_when_nothing_is_being_made_it_does_not_ask(client, alice):
    make_generation(owner=alice, status="ready")
    client.force_login(alice)
    page = client.get(URL).content.decode()
    assert 'id="dots-making">' in page


def test_rows_of_what_has_ended_come_alone(client, alice):
    waits = make_generation(owner=alice, text="Waits").dot
    ready = make_generation(owner=alice, text="Is <ready>", status="ready").dot
    failed = make_generation(owner=alice, text="Has failed", status="failed").dot
    cancelled = make_generation(owner=alice, text="Was stopped", status="cancelled").dot
    client.force_login(alice)

    codes = [dot.code for dot in (waits, ready, failed, cancelled)]
    fragment = client.get(MADE, {"code": codes}, headers=HTMX).content.decode()

    assert asks_for(fragment) == [waits.code]
    assert f'id="dot-{waits.code}"' not in fragment
    for dot in (ready, failed, cancelled):
        assert re.search(rf'id="dot-{dot.code}"\s+hx-swap-oob="true"', fragment)
    for sentence in ("“Is &lt;ready&gt;” is ready.", "“Has failed” could not be made.", "“Was stopped” was cancelled."):
        assert sentence in fragment


def test_at_the_end_it_stops(client, alice):
    dot = make_generation(owner=alice, status="ready").dot
    client.force_login(alice)
    fragment = client.get(MADE, {"code": dot.code}, headers=HTMX).content.decode()
    assert "hx-get" not in fragment


@pytest.mark.parametrize("codes", [[], ["nonsense"], ["\x00"], ["é" * 9], ["A" * 300]])
def test_codes_that_are_none_give_nothing(client, alice, codes):
    client.force_login(alice)
    response = client.get(MADE, {"code": codes}, headers=HTMX)
    assert response.status_code == 200
    assert b"dot-row" not in response.content


def test_a_strangers_rows_are_not_given(client, alice, charlie):
    dot = make_generation(owner=alice, text="Alice's secret", status="ready").dot
    client.force_login(charlie)
    fragment = client.get(MADE, {"code": dot.code}, headers=HTMX).content.decode()
    assert "secret" not in fragment
    assert "hx-get" not in fragment


def test_the_fragment_needs_sign_in_and_is_only_looked_at(client, alice):
    assert client.get(MADE).status_code == 302
    client.force_login(alice)
    assert client.post(MADE).status_code == 405
    assert client.get(MADE).url == URL  # opened as a page


def test_asking_again_costs_the_same_for_many(client, alice, django_assert_max_num_queries):
    codes = [make_generation(owner=alice, text=f"Text {number}").dot.code for number in range(20)]
    client.force_login(alice)
    with django_assert_max_num_queries(7):
        client.get(MADE, {"code": codes}, headers=HTMX)
