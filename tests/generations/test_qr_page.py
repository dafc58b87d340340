"""Taking the code along."""

import io

import pytest
from django.utils import timezone
from PIL import Image

from generations.models import Dot
from generations.qr import verify
from generations.qr.verify import rasterise, read_png
from tests.factories import make_dot

pytestmark = pytest.mark.django_db


@pytest.fixture
def dot(alice):
    return make_dot(owner=alice, code="7KX3M9", qr_drawn_at=timezone.now())


def test_the_png_reads_as_the_printed_address(client, alice, dot):
    client.force_login(alice)

    response = client.get("/dots/7KX3M9/qr.png")

    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == 'attachment; filename="micdots-7KX3M9.png"'
    assert Image.open(io.BytesIO(response.content)).size == (1024, 1024)
    assert read_png(response.content) == "HTTP://TESTSERVER/Q/7KX3M9"


@pytest.mark.parametrize("size", [128, 512, 4096])
def test_it_comes_in_the_size_that_is_asked_for(client, alice, dot, size):
    client.force_login(alice)
    response = client.get(f"/dots/7KX3M9/qr.png?size={size}")
    assert Image.open(io.BytesIO(response.content)).size == (size, size)


def test_the_svg_reads_as_the_printed_address(client, alice, dot):
    client.force_login(alice)

    response = client.get("/dots/7KX3M9/qr.svg")

    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Disposition"] == 'attachment; filename="micdots-7KX3M9.svg"'
    assert read_png(rasterise(response.content.decode())) == "HTTP://TESTSERVER/Q/7KX3M9"


@pytest.mark.parametrize("size", ["127", "4097", "-1", "big", "٣٠٠", "1e3", "9" * 5000])
def test_a_bad_size_is_said(client, alice, dot, size):
    client.force_login(alice)
    response = client.get("/dots/7KX3M9/qr.png", {"size": size})
    assert response.status_code == 400
    assert "from 128 to 4096" in response.content.decode()


@pytest.mark.parametrize("extension", ["png", "svg"])
def test_what_does_not_read_back_is_not_handed_out(client, alice, dot, monkeypatch, extension):
    monkeypatch.setattr(verify, "read_png", lambda png: None)
    client.force_login(alice)
    response = client.get(f"/dots/7KX3M9/qr.{extension}")
    assert response.status_code == 400
    assert "read" in response.content.decode()


def test_a_size_too_small_for_so_long_an_address_is_said(client, alice, dot, monkeypatch):
    monkeypatch.setattr(Dot, "print_url", "HTTP://TESTSERVER/Q/" + "A" * 1500)
    client.force_login(alice)
    response = client.get("/dots/7KX3M9/qr.png?size=128")
    assert response.status_code == 400
    assert "128 pixels" in response.content.decode()


def test_before_the_first_voice_is_ready_there_is_none(client, alice):
    make_dot(owner=alice, code="AAAA22")
    client.force_login(alice)
    assert client.get("/dots/AAAA22/qr.png").status_code == 404


@pytest.mark.parametrize("extension", ["png", "svg"])
def test_it_needs_sign_in_and_an_owner(client, charlie, dot, extension):
    assert client.get(f"/dots/7KX3M9/qr.{extension}").status_code == 302
    client.force_login(charlie)
    assert client.get(f"/dots/7KX3M9/qr.{extension}").status_code == 404


def test_other_methods_and_formats_are_refused(client, alice, dot):
    client.force_login(alice)
    assert client.post("/dots/7KX3M9/qr.png").status_code == 405
    assert client.get("/dots/7KX3M9/qr.gif").status_code == 404
