"""GET dots/{id}/qr: the picture of the printed code itself."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from generations import services
from generations.models import Dot
from generations.qr import verify
from generations.qr.verify import rasterise, read_png
from tests.factories import make_dot
from tests.generations.api.checks import NO_SUCH_ID, refused, strangers, wrong_methods

pytestmark = pytest.mark.django_db


def url(dot: Dot) -> str:
    return f"/api/v1/dots/{dot.public_id}/qr"


@pytest.fixture
def client(api, alice):
    return api(alice)


@pytest.fixture
def dot(alice):
    return make_dot(owner=alice)


@pytest.mark.parametrize("slash", ["", "/"])
def test_by_default_it_is_a_png_of_1024_pixels(client, dot, slash):
    response = client.get(url(dot) + slash)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == f'attachment; filename="micdots-{dot.code}.png"'
    assert Image.open(io.BytesIO(response.content)).size == (1024, 1024)
    assert read_png(response.content) == dot.print_url


@pytest.mark.parametrize("variant", ["styled", "high-contrast"])
@pytest.mark.parametrize("size", [128, 129, 333, 4096])
def test_any_size_and_variant_can_be_read(client, dot, size, variant):
    response = client.get(f"{url(dot)}?format=png&size={size}&variant={variant}")
    assert Image.open(io.BytesIO(response.content)).size == (size, size)
    assert read_png(response.content) == dot.print_url


@pytest.mark.parametrize("variant", ["styled", "high-contrast"])
def test_an_svg_can_be_read(client, dot, variant):
    response = client.get(f"{url(dot)}?format=svg&variant={variant}")
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Disposition"] == f'attachment; filename="micdots-{dot.code}.svg"'
    assert read_png(rasterise(response.content.decode())) == dot.print_url


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=gif", "format"),
        ("format=PNG", "format"),
        ("size=127", "size"),
        ("size=4097", "size"),
        ("size=big", "size"),
        ("size=1e3", "size"),
        ("variant=pretty", "variant"),
    ],
)
def test_bad_parameters_are_named(client, dot, query, field):
    refused(client.get(f"{url(dot)}?{query}"), 400, "VALIDATION_ERROR", field)


def test_a_dot_in_the_bin_is_a_conflict(client, dot):
    services.delete_dot(dot=dot)
    refused(client.get(url(dot)), 409, "CONFLICT")


def test_it_is_the_owners_alone(api, dot, charlie):
    strangers(api, charlie, "get", url(dot))


def test_ids_are_uuids(client):
    refused(client.get(f"/api/v1/dots/{NO_SUCH_ID}/qr"), 404, "NOT_FOUND")
    refused(client.get("/api/v1/dots/7/qr"), 400, "VALIDATION_ERROR", "dotId")


def test_there_are_no_other_methods(client, dot):
    wrong_methods(client, url(dot), "GET")


def test_a_size_too_small_for_so_long_an_address_is_named(client, dot, monkeypatch):
    monkeypatch.setattr(Dot, "print_url", "HTTP://TESTSERVER/Q/" + "A" * 1500)
    error = refused(client.get(f"{url(dot)}?size=128"), 400, "VALIDATION_ERROR", "size")
    assert error["details"]["size"] == [
        "The code cannot be read in 128 pixels. Ask for more, 4096 at most, or for an SVG, which fits any size."
    ]
    assert client.get(f"{url(dot)}?size=1024").status_code == 200


@pytest.mark.parametrize(("query", "field"), [("size=256", "size"), ("format=svg", "design")])
def test_what_does_not_read_back_is_not_handed_out(client, dot, monkeypatch, query, field):
    monkeypatch.setattr(verify, "read_png", lambda png: None)
    error = refused(client.get(f"{url(dot)}?{query}"), 400, "VALIDATION_ERROR", field)
    assert error["details"][field][0]
