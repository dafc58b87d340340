"""GET /d/{code}/qr.png and qr.svg."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from django.test import Client
from PIL import Image

from tests.factories import make_ready_generation
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db


def test_the_picture_leads_to_the_printed_address(client: Client, alice):
    dot = make_ready_generation(owner=alice).dot

    png = client.get(f"/d/{dot.code}/qr.png")
    svg = client.get(f"/d/{dot.code}/qr.svg")

    assert png["Content-Type"] == "image/png"
    assert f"micdots-{dot.code}.png" in png["Content-Disposition"]
    assert zxingcpp.read_barcode(Image.open(io.BytesIO(png.content))).text == dot.print_url
    assert svg["Content-Type"] == "image/svg+xml"
    assert b"<svg" in svg.content


def test_what_is_not_drawn_or_no_picture_is_not_found(client: Client, alice):
    dot = make_live_dot(owner=alice)

    for address in (f"/d/{dot.code}/qr.png", f"/d/{dot.code}/qr.gif", "/d/ZZZZZZ/qr.png"):
        assert client.get(address).status_code == 404, address
