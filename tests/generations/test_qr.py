"""The printed code: small, crisp, and read back before anybody gets it."""

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from generations import codes, qr
from generations.qr import DEFAULT_DESIGN, QrUnreadable, verify
from generations.qr.render import modules_of

ADDRESS = "HTTPS://EXAMPLE.ORG/Q/7KX3M9"
SVG = "{http://www.w3.org/2000/svg}"


def pixels_of(png: bytes) -> np.ndarray:
    """True is dark."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("L")) < 128


def quiet_zone_of(dark: np.ndarray) -> list[int]:
    """Light rows and columns at the top, bottom, left and right."""
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    size = len(dark)
    return [rows[0], size - 1 - rows[-1], columns[0], size - 1 - columns[-1]]


def test_both_pictures_say_the_address():
    pictures = qr.draw(ADDRESS)

    assert verify.read_png(pictures.png) == ADDRESS
    assert verify.read_png(verify.rasterise(pictures.svg.decode(), size=900)) == ADDRESS


@pytest.mark.parametrize(
    ("address", "version"),
    [
        (ADDRESS, 2),
        ("HTTP://127.0.0.1:8000/Q/7KX3M9", 3),
        ("HTTP://192.168.178.42:8010/Q/7KX3M9W2", 3),
        ("HTTPS://DOTS.MUSEUM-OF-NATURAL-HISTORY.EXAMPLE.ORG/Q/7KX3M9W2", 4),
    ],
)
def test_an_address_in_capitals_keeps_the_symbol_small(address, version):
    assert len(modules_of(address)) == 17 + 4 * version
    assert len(modules_of(address)) <= len(modules_of(address.lower()))
    assert qr.draw(address).png


def test_the_symbol_has_level_q():
    with Image.open(io.BytesIO(qr.render_png(ADDRESS))) as image:
        (found,) = zxingcpp.read_barcodes(image.convert("L"))

    assert found.ec_level == "Q"


def test_the_code_is_still_read_when_a_twelfth_of_it_is_dirt():
    png = qr.render_png(ADDRESS, size=1024)
    with Image.open(io.BytesIO(png)) as image:
        dirty = image.convert("L")
    dirty.paste(128, (500, 500, 620, 620))  # a blot among the data, clear of the corners
    file = io.BytesIO()
    dirty.save(file, "PNG")

    assert verify.read_png(file.getvalue()) == ADDRESS


@pytest.mark.parametrize("size", [128, 200, 333, 500, 1024, 2048, 4096])
@pytest.mark.parametrize("variant", ["styled", "high-contrast"])
def test_a_png_has_the_size_asked_for_and_crisp_modules(size, variant):
    dark = pixels_of(qr.render_png(ADDRESS, size=size, variant=variant))

    modules = modules_of(ADDRESS)
    zones = quiet_zone_of(dark)
    scale = (size - zones[0] - zones[1]) / len(modules)
    assert dark.shape == (size, size)
    assert scale == int(scale) >= 1
    assert min(zones) >= 4 * scale
    assert max(zones) - min(zones) <= 1
    inside = dark[zones[0] : size - zones[1], zones[2] : size - zones[3]]
    assert np.array_equal(inside, modules.repeat(int(scale), axis=0).repeat(int(scale), axis=1))


@pytest.mark.parametrize("size", [128, 157, 256, 1000, 4096])
def test_every_size_reads_back(size):
    for variant in ("styled", "high-contrast"):
        assert verify.read_png(qr.render_png(ADDRESS, size=size, variant=variant)) == ADDRESS


@pytest.mark.parametrize("size", [0, -1, 127, 4097, 10**9])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(ValueError, match="128 to 4096"):
        qr.render_png(ADDRESS, size=size)


def test_a_text_that_needs_more_modules_than_pixels_is_refused():
    with pytest.raises(ValueError, match="too few"):
        qr.render_png("x" * 1000, size=128)


def test_a_png_is_small():
    assert len(qr.render_png(ADDRESS, size=1024)) < 3_000


def test_the_high_contrast_twin_is_black_on_white_with_more_room_whatever_the_design():
    design = replace(DEFAULT_DESIGN, foreground="#335577", background="#ffeedd")

    twin = qr.render_png(ADDRESS, design=design, variant="high-contrast")

    with Image.open(io.BytesIO(twin)) as image:
        assert sorted(colour for _count, colour in image.convert("RGB").getcolors()) == [(0, 0, 0), (255,) * 3]
    svg = qr.render_svg(ADDRESS, design=design, variant="high-contrast")
    assert "#335577" not in svg
    assert f'viewBox="0 0 {25 + 12} {25 + 12}"' in svg


def test_a_design_gives_its_colours():
    design = replace(DEFAULT_DESIGN, foreground="#102030", background="#fff0e0")

    with Image.open(io.BytesIO(qr.render_png(ADDRESS, design=design))) as image:
        colours = sorted(colour for _count, colour in image.convert("RGB").getcolors())

    assert colours == [(0x10, 0x20, 0x30), (0xFF, 0xF0, 0xE0)]


def test_an_svg_scales_freely_and_has_a_title():
    root = ElementTree.fromstring(qr.render_svg(ADDRESS))  # noqa: S314 - our own

    assert root.tag == f"{SVG}svg"
    assert root.get("viewBox") == "0 0 33 33"
    assert "width" not in root.attrib
    assert "height" not in root.attrib
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == ADDRESS


def test_an_svg_draws_the_very_modules():
    svg = qr.render_svg(ADDRESS)

    dark = pixels_of(verify.rasterise(svg, size=33 * 4))

    framed = np.pad(modules_of(ADDRESS), 4)
    assert np.array_equal(dark, framed.repeat(4, axis=0).repeat(4, axis=1))


def test_what_stands_in_an_address_cannot_break_the_svg():
    svg = qr.render_svg('https://example.org/?a=1&b=<"x">')

    assert ElementTree.fromstring(svg).findtext(f"{SVG}title") == 'https://example.org/?a=1&b=<"x">'  # noqa: S314


@pytest.mark.parametrize(
    "design",
    [
        replace(DEFAULT_DESIGN, foreground="#fefefe"),
        replace(DEFAULT_DESIGN, foreground="#ffffff", background="#000000"),
    ],
)
def test_a_code_that_cannot_be_read_is_never_handed_out(design):
    with pytest.raises(QrUnreadable):
        qr.draw(ADDRESS, design=design)


def test_a_picture_that_says_something_else_is_not_accepted():
    pictures = qr.draw("HTTPS://EXAMPLE.ORG/Q/7KX3M8")

    with pytest.raises(QrUnreadable):
        verify.verify_png(pictures.png, ADDRESS)
    with pytest.raises(QrUnreadable):
        verify.verify_svg(pictures.svg.decode(), ADDRESS)


def test_an_address_too_long_for_any_code_is_refused():
    with pytest.raises(ValueError, match="fit"):
        qr.draw("HTTPS://EXAMPLE.ORG/" + "A" * 5_000)


def test_every_code_there_can_be_reads_back():
    for _count in range(50):
        address = f"HTTP://127.0.0.1:8000/Q/{codes.new_code(8)}"
        assert verify.read_png(qr.draw(address).png) == address
