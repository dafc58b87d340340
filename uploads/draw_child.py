"""The process that draws small pictures: it is given a stranger's file, writes one JPEG to stdout, then it ends.

Why a process of its own: what reads pictures and PDFs is written in C and the file may be made to harm it. Here it can
only end this process, which has little memory and time to spend and can be killed at any moment.

Started by ``previews.py`` as ``python -I draw_child.py kind path`` and standing alone: it imports nothing of MicDots.
Of what the file says beside its pixels (place, camera, author) nothing reaches the JPEG: it is a new picture.
"""

import io
import resource
import sys
import warnings
from pathlib import Path

from PIL import Image, ImageOps

SIDE = 640  # pixels; the longer one
MEMORY = 1 << 30  # bytes of address space
SECONDS = 20  # of processor time
MOST_PIXELS = 100_000_000


def draw_image(path: str) -> Image.Image:
    with Image.open(path, formats=["PNG", "JPEG"]) as source:
        source.draft("RGB", (SIDE * 2, SIDE * 2))  # JPEGs are read at an eighth of their size
        upright = ImageOps.exif_transpose(source)
        upright.thumbnail((SIDE, SIDE))
        return upright.convert("RGBA")


def draw_svg(path: str) -> Image.Image:
    import resvg_py

    # No resources_dir: pictures that it names beside itself are not looked for.
    png = resvg_py.svg_to_bytes(svg_string=Path(path).read_text("utf-8"), width=SIDE, skip_system_fonts=True)
    drawn = Image.open(io.BytesIO(bytes(png)))
    drawn.thumbnail((SIDE, SIDE))
    return drawn.convert("RGBA")


def draw_page(path: str) -> Image.Image:
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        page = document[0]
        scale = SIDE / max(*page.get_size(), 1)
        return page.render(scale=scale).to_pil().convert("RGBA")
    finally:
        document.close()


DRAWERS = {"image": draw_image, "svg": draw_svg, "page": draw_page}


def main(kind: str, path: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)  # at the limit already, not at its double
    drawn = DRAWERS[kind](path)
    # On white, as paper is: a JPEG has no transparency.
    picture = Image.new("RGB", drawn.size, "white")
    picture.paste(drawn, mask=drawn.getchannel("A"))
    picture.save(sys.stdout.buffer, "JPEG", quality=82, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
