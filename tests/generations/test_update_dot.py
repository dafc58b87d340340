"""Changing a dot: every field, everything that is wrong at once, and nothing half-saved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.utils import timezone

from generations import selectors, services, signals
from generations.models import Dot, DotSlug, DotTag
from micdots.lib.errors import Conflict, ValidationFailed
from tests.factories import make_dot, make_generation

pytestmark = pytest.mark.django_db


@pytest.fixture
def dot(alice, voice):
    dot = make_dot(owner=alice, title="Fountain")
    make_generation(owner=alice, dot=dot, status="ready")
    return dot


def change(dot, **changes):
    services.update_dot(dot=dot, changes=changes)
    return Dot.objects.get(pk=dot.pk)


def refused(dot, **changes):
    before = Dot.objects.filter(pk=dot.pk).values().get()
    tags = sorted(DotTag.objects.values_list("name", flat=True))
    slugs = sorted(DotSlug.objects.values_list("slug", flat=True))
    with pytest.raises(ValidationFailed) as failure:
        services.update_dot(dot=dot, changes=changes)
    assert Dot.objects.filter(pk=dot.pk).values().get() == before
    assert sorted(DotTag.objects.values_list("name", flat=True)) == tags
    assert sorted(DotSlug.objects.values_list("slug", flat=True)) == slugs
    return failure.value.details


def test_everything_at_once(dot):
    starts = datetime(2026, 12, 1, tzinfo=UTC)
    changed = change(
        dot,
        title="  Old fountain ",
        description="By the market.\r\nSince 1742.",
        slug="old-fountain",
        is_active=False,
        autoplay=False,
        starts_at=starts,
        expires_at=starts + timedelta(days=1),
        max_plays=10,
        password="open sesame",
        tags=["water", " market   square ", "water"],
        default_language="EN-gb",
        link={"label": "More", "url": "https://example.org/fountain?a=1#b"},
    )
    assert (changed.title, changed.description) == ("Old fountain", "By the market.\nSince 1742.")
    assert (changed.slug, changed.is_active, changed.autoplay) == ("old-fountain", False, False)
    assert (changed.starts_at, changed.expires_at) == (starts, starts + timedelta(days=1))
    assert changed.max_plays == 10
    assert [tag.name for tag in changed.tag_rows.all()] == ["market square", "water"]
    assert changed.default_language == "en-GB"
    assert (changed.link_label, changed.link_url) == ("More", "https://example.org/fountain?a=1#b")
    assert changed.updated_at > dot.updated_at


def test_what_is_not_named_stays(dot):
    change(dot, description="By the market", tags=["water"], slug="fountain", password="open sesame")
    changed = change(dot, title="New")
    assert (changed.description, changed.slug, changed.has_password) == ("By the market", "fountain", True)
    assert changed.tag_rows.count() == 1
    assert change(dot).title == "New"


def test_null_clears(dot):
    now = timezone.now()
    change(dot, slug="fountain", starts_at=now, expires_at=now + timedelta(1), max_plays=1, password="open sesame")
    change(dot, link={"label": "", "url": "https://example.org"})
    cleared = change(dot, slug=None, starts_at=None, expires_at=None, max_plays=None, password=None, link=None, tags=[])
    assert (cleared.slug, cleared.starts_at, cleared.expires_at, cleared.max_plays) == (None, None, None, None)
    assert (cleared.password, cleared.link_label, cleared.link_url) == ("", "", "")


def test_the_password_is_kept_as_a_hash(dot):
    changed = change(dot, password="open sesame")
    assert "sesame" not in changed.password
    assert check_password("open sesame", changed.password)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "   "),
        ("title", "t" * 121),
        ("title", "a\x00b"),
        ("description", "d" * 501),
        ("description", "bell\x07"),
        ("slug", "ab"),
        ("slug", "Fountain"),
        ("slug", "a b c"),
        ("slug", "-fountain"),
        ("slug", "s" * 61),
        ("slug", "admin"),
        ("slug", "222222"),  # shaped like a code
        ("max_plays", 0),
        ("max_plays", 2_147_483_648),
        ("password", "abc"),
        ("password", "p" * 129),
        ("tags", ["a,b"]),
        ("tags", [""]),
        ("tags", ["t" * 41]),
        ("tags", [str(number) for number in range(21)]),
        ("default_language", "fr"),
        ("default_language", ""),
        ("link", {"label": "x", "url": ""}),
        ("link", {"label": "x"}),
        ("link", {"url": "javascript:alert(1)"}),
        ("link", {"url": "ftp://example.org"}),
        ("link", {"url": "https://"}),
        ("link", {"url": "//example.org"}),
        ("link", {"url": "https://[broken"}),
        ("link", {"url": "https://example.org/ a"}),
        ("link", {"url": "https://example.org/" + "a" * 500}),
        ("link", {"label": "l" * 81, "url": "https://example.org"}),
    ],
)
def test_a_wrong_value_names_its_field(dot, field, value):
    assert list(refused(dot, **{field: value})) == [field]


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_saved(dot):
    change(dot, tags=["kept"])
    now = timezone.now()
    wrong = refused(
        dot,
        title="",
        slug="admin",
        tags=["new", "a,b"],
        description="This would be fine",
        autoplay=False,
        password="x",
        link={"url": "nonsense"},
        starts_at=now,
        expires_at=now,
    )
    assert sorted(wrong) == ["link", "password", "slug", "starts_at", "tags", "title"]


def test_it_has_to_start_before_it_ends(dot):
    now = timezone.now()
    change(dot, starts_at=now)
    assert list(refused(dot, expires_at=now)) == ["expires_at"]
    assert list(refused(dot, expires_at=now - timedelta(1))) == ["expires_at"]
    change(dot, expires_at=now + timedelta(1))
    assert list(refused(dot, starts_at=now + timedelta(2))) == ["starts_at"]
    moved = change(dot, starts_at=now + timedelta(2), expires_at=now + timedelta(3))
    assert moved.starts_at == now + timedelta(2)


def test_a_slug_that_was_changed_still_leads_there(dot):
    for slug in ("fountain", "old-fountain", None):
        change(dot, slug=slug)
    for name in ("fountain", "OLD-fountain", dot.code, dot.code.lower()):
        assert selectors.dot_for_name(name) == dot
    assert selectors.dot_for_name("nothing-here") is None


def test_a_slug_is_nobody_elses_ever_again(dot, alice, bob):
    change(dot, slug="fountain")
    change(dot, slug="well")
    for owner in (alice, bob):
        other = make_dot(owner=owner)
        for name in ("fountain", "well"):
            assert list(refused(other, slug=name)) == ["slug"]
    assert change(dot, slug="fountain").slug == "fountain"  # its own it may have back


def test_a_slug_that_is_refused_with_the_rest_stays_free(dot, bob):
    refused(dot, slug="fountain", title="")
    assert change(make_dot(owner=bob), slug="fountain").slug == "fountain"


def test_a_dot_in_the_bin_is_restored_first(dot):
    services.delete_dot(dot=dot)
    with pytest.raises(Conflict):
        services.update_dot(dot=dot, changes={"title": "New"})
    assert Dot.objects.get(pk=dot.pk).title == "Fountain"


def test_what_is_not_the_owners_to_change_is_a_bug(dot):
    for field in ("code", "owner", "plays_count", "blocked_at", "purged_at"):
        with pytest.raises(ValueError, match=field):
            services.update_dot(dot=dot, changes={field: None})


def test_an_old_copy_in_memory_undoes_nothing(dot):
    stale = Dot.objects.get(pk=dot.pk)
    services.add_listening({dot.pk: (0, 1)})
    change(dot, description="Newer")
    assert change(stale, title="Later").description == "Newer"
    assert Dot.objects.get(pk=dot.pk).plays_count == 1


def test_everybody_who_shows_the_dot_hears_of_it(dot, django_capture_on_commit_callbacks):
    heard = []

    def listen(sender, dot, **kwargs):
        heard.append(dot.title)

    signals.dot_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            change(dot, title="New")
    finally:
        signals.dot_changed.disconnect(listen)
    assert heard == ["New"]


def test_a_receiver_that_fails_stops_nobody(dot, caplog, django_capture_on_commit_callbacks):
    def fail(sender, **kwargs):
        raise ZeroDivisionError

    signals.dot_changed.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert change(dot, title="New").title == "New"
    finally:
        signals.dot_changed.disconnect(fail)
    assert "ZeroDivisionError" in caplog.text or "fail" in caplog.text
