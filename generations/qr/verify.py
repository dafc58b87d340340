"""A QR code that our own reader cannot read is never handed out."""

from __future__ import annotations

import io

import numpy as np
import resvg_py
import zxingcpp
from django.utils.translation import gettext_lazy as _
from PIL import Image

from micdots.lib.errors import MicDotsError

_FORMATS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_MODULE_PIXELS = 5  # of an SVG that is read back; it has one unit a module


class QrUnreadable(MicDotsError):
    """The picture does not read back as what it should say; it must not be stored."""

    default_message = _("The QR code could not be read back. Please choose another design.")


def read_png(png: bytes) -> str | None:
    """What a QR reader makes of a PNG; None when it finds no code or not exactly one."""
    with Image.open(io.BytesIO(png)) as image:
        grey = np.asarray(image.convert("L"))  # the reader takes a picture of Pillow's five times as long to take over
    # Without the reader's second chances: some phones' readers have none, and a light-on-dark code defeats them.
    found = zxingcpp.read_barcodes(grey, formats=_FORMATS, try_rotate=False, try_downscale=False, try_invert=False)
    return found[0].text if len(found) == 1 else None


def rasterise(svg: str, *, size: int | None = None) -> bytes:
    """An SVG as a PNG of ``size`` pixels a side, by default five to a unit, drawn by a renderer that shares no code
    with ours.
    """
    zoom = None if size else _MODULE_PIXELS
    return resvg_py.svg_to_bytes(svg_string=svg, width=size, zoom=zoom, skip_system_fonts=True)


def verify_png(png: bytes, text: str) -> None:
    """Raises ``QrUnreadable`` unless the PNG says exactly this text."""
    if read_png(png) != text:
        raise QrUnreadable()


def verify_svg(svg: str, text: str) -> None:
    """Raises ``QrUnreadable`` unless the SVG, turned into pixels, says exactly this text."""
    verify_png(rasterise(svg), text)
