"""The settings of a dot."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.hashers import check_password

from generations.models import Dot
from generations.services import delete_dot, update_dot
from tests.factories import make_dot, make_generation, make_voice

pytestmark = pytest.mark.django_db


@pytest.fixture
def dot(alice):
    return make_generation(owner=alice, text="Hello.", status="ready", dot=make_dot(owner=alice, title="Hall")).dot


@pytest.fixture
def url(dot):
    return f"/dots/{dot.code}/settings"


def sent(client, url, **changes):
    """What the browser sends when only ``changes`` were made in the form."""
    form = client.get(url).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if hasattr(value, "isoformat"):
            value = field.subwidgets[0].data["value"]
        if value not in (None, False, ""):
            data[field.html_name] = "on" if value is True else value
    data.update(changes)
    return {name: value for name, value in data.items() if value is not None}


def test_everything_can_be_changed(client, alice, dot, url):
    german = make_voice(key="espeak:de", label="German", language="de")
    make_generation(owner=alice, dot=dot, voice=german, text="Hallo.", status="ready")
    client.force_login(alice)

    response = client.post(
        url,
        sent(
            client,
            url,
            title="Town hall",
            description="In the foyer",
            tags="zoo, Foyer , zoo",
            slug="Town-Hall",
            default_language="de",
            is_active=None,
            autoplay=None,
            starts_at="2027-01-01T08:00",
            expires_at="2027-02-01T08:00",
            max_plays="500",
            password="open sesame",
            link_label="More",
            link_url="https://example.org/hall",
        ),
    )

    assert response.status_code == 302, response.context["form"].errors
    dot = Dot.objects.get()
    assert (dot.title, dot.description, dot.slug) == ("Town hall", "In the foyer", "town-hall")
    assert dot.default_language == "de"
    assert [tag.name for tag in dot.tag_rows.all()] == ["Foyer", "zoo"]
    assert (dot.is_active, dot.autoplay, dot.max_plays) == (False, False, 500)
    assert (dot.starts_at, dot.expires_at) == (datetime(2027, 1, 1, 8, tzinfo=UTC), datetime(2027, 2, 1, 8, tzinfo=UTC))
    assert check_password("open sesame", dot.password)
    assert (dot.link_label, dot.link_url) == ("More", "https://example.org/hall")


def test_times_are_in_the_accounts_time_zone(client, alice, dot, url):
    alice.timezone = "Asia/Tokyo"
    alice.save()
    client.force_login(alice)

    client.post(url, sent(client, url, starts_at="2027-01-01T08:00"))

    assert Dot.objects.get().starts_at == datetime(2026, 12, 31, 23, tzinfo=UTC)
    page = client.get(url).content.decode()
    assert 'value="2027-01-01T08:00"' in page
    assert "Asia/Tokyo" in page


def test_what_was_left_alone_is_not_written(client, alice, dot, url):
    """A program that changes something else while the form is open is not undone."""
    update_dot(dot=dot, changes={"starts_at": datetime(2027, 1, 1, 8, 0, 30, tzinfo=UTC), "max_plays": 9})
    client.force_login(alice)
    data = sent(client, url, title="New name")
    update_dot(dot=dot, changes={"description": "Written meanwhile"})
    data["description"] = "Written meanwhile"

    client.post(url, data)

    dot.refresh_from_db()
    assert dot.title == "New name"
    assert dot.starts_at == datetime(2027, 1, 1, 8, 0, 30, tzinfo=UTC)
    assert dot.max_plays == 9


def test_a_password_stays_until_it_is_changed_or_removed(client, alice, dot, url):
    update_dot(dot=dot, changes={"password": "open sesame"})
    client.force_login(alice)

    client.post(url, sent(client, url, title="Other"))
    assert check_password("open sesame", Dot.objects.get().password)

    client.post(url, sent(client, url, clear_password="on"))
    assert Dot.objects.get().password == ""


def test_emptied_fields_are_cleared(client, alice, dot, url):
    update_dot(
        dot=dot,
        changes={"slug": "hall", "max_plays": 5, "link": {"label": "x", "url": "https://example.org"}, "tags": ["zoo"]},
    )
    client.force_login(alice)

    client.post(url, sent(client, url, slug="", max_plays="", link_label="", link_url="", tags=""))

    dot = Dot.objects.get()
    assert (dot.slug, dot.max_plays, dot.link_url, dot.tag_rows.count()) == (None, None, "", 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "t" * 121),
        ("description", "d" * 501),
        ("slug", "not a slug!"),
        ("starts_at", "soon"),
        ("max_plays", "0"),
        ("max_plays", "99999999999999999999"),
        ("password", "abc"),
        ("link_url", "javascript:alert(1)"),
        ("default_language", "fr"),
        ("tags", "x" * 41),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(client, alice, dot, url, field, value):
    client.force_login(alice)

    response = client.post(url, sent(client, url, **{"description": "typed", field: value}))

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert 'id="error-summary"' in response.content.decode()
    assert Dot.objects.get().description == ""


def test_it_has_to_start_before_it_ends(client, alice, url):
    client.force_login(alice)
    response = client.post(url, sent(client, url, starts_at="2027-02-01T08:00", expires_at="2027-01-01T08:00"))
    assert response.context["form"].errors["starts_at"] == ["It has to start before it ends."]


def test_somebody_elses_slug_is_taken(client, alice, charlie, url):
    update_dot(dot=make_dot(owner=charlie), changes={"slug": "hall"})
    client.force_login(alice)
    response = client.post(url, sent(client, url, slug="hall"))
    assert "slug" in response.context["form"].errors


def test_it_needs_sign_in(client, url):
    assert client.get(url).status_code == 302
    assert client.post(url, {"title": "Mine"}).status_code == 302
    assert Dot.objects.get().title == "Hall"


def test_a_stranger_gets_404(client, charlie, url):
    client.force_login(charlie)
    assert client.get(url).status_code == 404
    assert client.post(url, {"title": "Mine"}).status_code == 404
    assert Dot.objects.get().title == "Hall"


def test_other_methods_are_refused(client, alice, url):
    client.force_login(alice)
    assert client.delete(url).status_code == 405


def test_a_dot_in_the_bin_leads_back_to_it(client, alice, dot, url):
    delete_dot(dot=dot)
    client.force_login(alice)
    assert client.get(url).url == f"/dots/{dot.code}/"


def test_a_dot_that_is_still_being_made_has_settings_too(client, alice):
    dot = make_dot(owner=alice, title="Young")
    client.force_login(alice)
    url = f"/dots/{dot.code}/settings"

    client.post(url, sent(client, url, title="Younger"))

    dot.refresh_from_db()
    assert dot.title == "Younger"
