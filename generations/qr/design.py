"""How a QR code looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Variant = Literal["styled", "high-contrast"]
ErrorCorrection = Literal["L", "M", "Q", "H"]


@dataclass(frozen=True)
class Design:
    """The look of one dot's code. The names are those of the API's ``design``."""

    foreground: str = "#000000"  # the dark modules, #rrggbb
    background: str = "#ffffff"  # everything else, #rrggbb
    error_correction: ErrorCorrection = "Q"  # 25 % of the symbol may be dirt: paper gets scratched
    quiet_zone: int = 4  # modules of background all round; ISO/IEC 18004 asks for 4


DEFAULT_DESIGN = Design()


def in_variant(design: Design, variant: Variant) -> Design:
    """The design as asked for.

    ``high-contrast`` is black on white whatever the design, with a quiet zone half as wide again: it is for
    readers with little sight and for cameras in bad light, where the paper's own colour comes too close.
    """
    if variant == "styled":
        return design
    return replace(design, foreground="#000000", background="#ffffff", quiet_zone=6)
