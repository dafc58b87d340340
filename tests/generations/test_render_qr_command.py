"""Drawing codes again when the installation's address has changed."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from generations import services
from generations.models import Dot
from generations.qr.verify import read_png
from micdots.lib.errors import Gone
from tests.factories import make_dot
from uploads.storage import StorageError, store

pytestmark = pytest.mark.django_db


def run(*options: str) -> str:
    out = StringIO()
    call_command("render_qr", *options, stdout=out, stderr=out)
    return out.getvalue()


def picture(dot: Dot) -> str | None:
    with store().open(dot.qr_png_key) as source:
        return read_png(source.read())


@pytest.fixture
def dot(alice):
    return services.draw_qr(make_dot(owner=alice))


def test_codes_of_another_address_are_drawn_again_in_place(dot, alice, settings):
    never_drawn = make_dot(owner=alice)
    before = (dot.qr_png_key, dot.qr_svg_key)
    settings.SITE_URL = "https://dots.example.org"

    assert "1 " in run()

    dot.refresh_from_db()
    assert (dot.qr_png_key, dot.qr_svg_key) == before
    assert picture(dot) == dot.qr_url == f"HTTPS://DOTS.EXAMPLE.ORG/Q/{dot.code}"
    never_drawn.refresh_from_db()
    assert never_drawn.qr_png_key == ""


def test_what_is_right_stays(dot):
    drawn_at = Dot.objects.get().qr_drawn_at
    assert "0 " in run()
    assert Dot.objects.get().qr_drawn_at == drawn_at
    assert "1 " in run("--all")
    assert Dot.objects.get().qr_drawn_at > drawn_at


def test_dots_in_the_bin_are_drawn_and_purged_ones_are_not(dot, settings):
    settings.SITE_URL = "https://dots.example.org"
    services.delete_dot(dot=dot)
    assert "1 " in run()
    settings.DELETED_DOT_DAYS = 0
    services.purge_deleted_dots()
    assert "0 " in run("--all")


@pytest.mark.parametrize(("error", "fails"), [(StorageError(), True), (Gone("deleted"), False)])
def test_one_that_fails_does_not_stop_the_others(dot, alice, monkeypatch, error, fails):
    services.draw_qr(make_dot(owner=alice))
    real, errors = services.draw_qr, [error]

    def draw(one: Dot, *, again: bool) -> Dot:
        if errors:
            raise errors.pop()
        return real(one, again=again)

    monkeypatch.setattr(services, "draw_qr", draw)
    if fails:
        with pytest.raises(CommandError, match="1"):
            run("--all")
    else:
        assert "1 " in run("--all")
    assert errors == []
