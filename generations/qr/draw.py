"""Both pictures of one code, proven readable."""

from __future__ import annotations

from dataclasses import dataclass

from generations.qr.design import DEFAULT_DESIGN, Design, Variant
from generations.qr.render import DEFAULT_SIZE, render_png, render_svg
from generations.qr.verify import verify_png, verify_svg


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
