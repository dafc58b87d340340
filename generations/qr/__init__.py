"""The picture that is printed: designed, rendered, and read back before anybody gets it."""

from generations.qr.design import DEFAULT_DESIGN, Design, Variant
from generations.qr.draw import QrPictures, draw, png_to_take, svg_to_take
from generations.qr.render import render_png, render_svg
from generations.qr.verify import QrUnreadable

__all__ = [
    "DEFAULT_DESIGN",
    "Design",
    "QrPictures",
    "QrUnreadable",
    "Variant",
    "draw",
    "png_to_take",
    "render_png",
    "render_svg",
    "svg_to_take",
]
