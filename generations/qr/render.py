"""A text as a QR symbol, as PNG and as SVG."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TypeAlias
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
import qrcode.constants
from PIL import Image
from qrcode.exceptions import DataOverflowError
from qrcode.main import QRCode
from qrcode.util import QRData

from generations.qr.design import DEFAULT_DESIGN, Design, Variant, in_variant

Modules: TypeAlias = npt.NDArray[np.bool_]  # shape (n, n), True is dark, without a quiet zone

MIN_SIZE, MAX_SIZE = 128, 4096  # pixels a side
DEFAULT_SIZE = 1024

_LEVELS = {
    "L": qrcode.constants.ERROR_CORRECT_L,
    "M": qrcode.constants.ERROR_CORRECT_M,
    "Q": qrcode.constants.ERROR_CORRECT_Q,
    "H": qrcode.constants.ERROR_CORRECT_H,
}


@lru_cache(maxsize=64)
def modules_of(text: str, error_correction: str = DEFAULT_DESIGN.error_correction) -> Modules:
    """The smallest symbol that holds the text, in the densest mode that its characters allow.

    An address in capitals needs 5.5 bits a character (alphanumeric mode) instead of 8, so that its symbol has fewer
    and therefore larger modules on paper.

    Returns:
        Rows of modules, True is dark, without a quiet zone; read-only, as it is shared between callers.

    Raises:
        ValueError: the text does not fit into any symbol.
    """
    symbol: QRCode = QRCode(error_correction=_LEVELS[error_correction], border=0)
    symbol.add_data(QRData(text))
    try:
        symbol.make(fit=True)
    except (DataOverflowError, ValueError) as error:  # either, by how much it is too long
        raise ValueError("this text does not fit into a QR code") from error
    modules = np.array(symbol.modules, dtype=np.bool_)
    modules.setflags(write=False)
    return modules


def render_png(
    text: str, *, size: int = DEFAULT_SIZE, design: Design = DEFAULT_DESIGN, variant: Variant = "styled"
) -> bytes:
    """A PNG of exactly ``size`` × ``size`` pixels, one bit a pixel.

    Every module is the same whole number of pixels, as edges between pixels blur in print; what is left over widens
    the quiet zone, evenly on both sides.

    Args:
        size: pixels a side, 128 to 4096.

    Raises:
        ValueError: the size is out of range, or too small for so long a text.
    """
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise ValueError(f"size must be {MIN_SIZE} to {MAX_SIZE} pixels")
    design = in_variant(design, variant)
    modules = modules_of(text, design.error_correction)
    scale = size // (len(modules) + 2 * design.quiet_zone)
    if scale < 1:
        raise ValueError(f"{size} pixels are too few for this text")
    before = (size - len(modules) * scale) // 2

    # Packed row by row: a whole picture of 4096² at a byte a pixel would take 16 MB and most of the time.
    light_row = bytes((size + 7) // 8)
    rows = [light_row] * before
    for row in modules:
        pixels = np.zeros(size, dtype=np.bool_)
        pixels[before : before + len(modules) * scale] = np.repeat(row, scale)
        rows += [np.packbits(pixels).tobytes()] * scale
    rows += [light_row] * (size - len(rows))

    image = Image.frombytes("P", (size, size), b"".join(rows), "raw", "P;1")
    image.putpalette(bytes.fromhex(design.background[1:] + design.foreground[1:]))
    png = io.BytesIO()
    image.save(png, "PNG", bits=1)
    return png.getvalue()


def render_svg(text: str, *, design: Design = DEFAULT_DESIGN, variant: Variant = "styled") -> str:
    """An SVG of one unit a module that fills whatever box it is put into; its title is the text.

    It has no width and height of its own: sizes in millimetres make some programs rasterise it at 96 dpi first.

    Raises:
        ValueError: the text does not fit into any symbol.
    """
    design = in_variant(design, variant)
    modules = modules_of(text, design.error_correction)
    side = len(modules) + 2 * design.quiet_zone
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" shape-rendering="crispEdges">'
        f"<title>{escape(text)}</title>"
        f'<path fill="{design.background}" d="M0 0h{side}v{side}H0z"/>'
        f'<path fill="{design.foreground}" d="{_path(modules, design.quiet_zone)}"/>'
        "</svg>\n"
    )


def _path(modules: Modules, offset: int) -> str:
    """One rectangle for each horizontal run of dark modules: a third of the size of one for each module."""
    parts = []
    for y, row in enumerate(modules, start=offset):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], row, [False])).astype(np.int8)))
        parts += [f"M{start + offset} {y}h{end - start}v1H{start + offset}z" for start, end in edges.reshape(-1, 2)]
    return "".join(parts)
