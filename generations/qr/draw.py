"""The pictures of one code, proven readable."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from generations.qr.design import DEFAULT_DESIGN, Design, Variant
from generations.qr.render import DEFAULT_SIZE, MAX_SIZE, render_png, render_svg
from generations.qr.verify import QrUnreadable, verify_png, verify_svg
from micdots.lib.errors import ValidationFailed


@dataclass(frozen=True)
class QrPictures:
    """What is stored of a dot's code."""

    png: bytes  # image/png, DEFAULT_SIZE pixels a side
    svg: bytes  # image/svg+xml, UTF-8


def draw(url: str, *, design: Design = DEFAULT_DESIGN, variant: Variant = "styled") -> QrPictures:
    """Draw the code of one address as PNG and SVG, and read both back.

    Args:
        url: what a phone opens; in capitals the symbol is smallest.

    Raises:
        QrUnreadable: one of the pictures did not read back as exactly ``url``.
        ValueError: the address is too long for a QR code.
    """
    png = render_png(url, size=DEFAULT_SIZE, design=design, variant=variant)
    verify_png(png, url)
    svg = render_svg(url, design=design, variant=variant)
    verify_svg(svg, url)
    return QrPictures(png=png, svg=svg.encode())


def png_to_take(url: str, *, size: int = DEFAULT_SIZE, variant: Variant = "styled") -> bytes:
    """The code of one address in the size that somebody asks for, 128 to 4096 pixels a side, read back.

    Raises:
        ValidationFailed: on ``size``: nobody could read it in so few pixels.
    """
    try:
        png = render_png(url, size=size, variant=variant)
        verify_png(png, url)
    except (QrUnreadable, ValueError):
        sentence = _(
            "The code cannot be read in %(size)d pixels. Ask for more, %(most)d at most, or for an SVG, which fits any "
            "size."
        )
        raise ValidationFailed({"size": [sentence % {"size": size, "most": MAX_SIZE}]}) from None
    return png


def svg_to_take(url: str, *, variant: Variant = "styled") -> bytes:
    """The code of one address as SVG, read back. Raises ValidationFailed on ``design`` where it cannot be read."""
    try:
        svg = render_svg(url, variant=variant)
        verify_svg(svg, url)
    except (QrUnreadable, ValueError):
        raise ValidationFailed({"design": [QrUnreadable.default_message]}) from None
    return svg.encode()
