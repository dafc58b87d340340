"""SVG that only draws: well-formed, without scripts, pages inside, entities, or anything from elsewhere."""

from __future__ import annotations

import os
import re
from typing import BinaryIO
from xml.parsers import expat

from uploads.inspection.findings import Found, Wrong

MAX_BYTES = 10 * 1024 * 1024
_MAX_DEPTH, _MAX_ELEMENTS = 256, 200_000
_CHUNK = 64 * 1024
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
# Names of these spaces do something in a browser. Those of drawing programs and of descriptions do nothing.
_ACTIVE_SPACES = {
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/1998/Math/MathML",
    "http://www.w3.org/2001/XInclude",
    "http://www.w3.org/2001/xml-events",
    "http://www.w3.org/1999/XSL/Transform",
}
_ACTIVE = {
    "script", "foreignobject", "iframe", "object", "embed", "audio", "video", "canvas", "handler", "listener", "link",
    "animate", "animatemotion", "animatetransform", "animatecolor", "set", "discard",
}  # fmt: skip
# A picture inside the picture; SVG in it could hold all of the above again.
_INLINE_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_INSIDE = re.compile(r"#[^\s]*")
_STYLE_LINK = re.compile(r"url\s*\(\s*[\"']?\s*([^\"')]*)", re.IGNORECASE)
_STYLE_ACTIVE = re.compile(r"@import|@font-face|expression\s*\(|javascript:|-moz-binding|behavior\s*:", re.IGNORECASE)


class _Reader:
    def __init__(self) -> None:
        self.depth = self.elements = 0
        self.style: list[str] | None = None
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.ProcessingInstructionHandler = self.instruction
        parser.StartDoctypeDeclHandler = self.doctype
        parser.EntityDeclHandler = self.entity
        self.parser = parser

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _space, local = name.rpartition(" ")
        self.elements += 1
        self.depth += 1
        if self.elements == 1 and (space, local) != (_SVG, "svg"):
            raise Wrong("other_type")
        if self.depth > _MAX_DEPTH or self.elements > _MAX_ELEMENTS:
            raise Wrong("too_large")
        if space in _ACTIVE_SPACES or (space in (_SVG, "") and local.lower() in _ACTIVE):
            raise Wrong("active")
        if local.lower() == "style":
            self.style = []
        for attribute, value in attributes.items():
            self.attribute(attribute, value)

    def attribute(self, name: str, value: str) -> None:
        space, _space, local = name.rpartition(" ")
        local = local.lower()
        if space not in ("", _XLINK, "http://www.w3.org/XML/1998/namespace"):
            return  # a drawing program's own
        if local.startswith("on") or local in ("base", "requiredextensions"):
            raise Wrong("active")
        if local in ("href", "src") and value.strip():
            if not (_INSIDE.fullmatch(value.strip()) or _INLINE_PICTURE.fullmatch(value.strip())):
                raise Wrong("active")
        else:
            refuse_active_style(value)

    def end(self, name: str) -> None:
        self.depth -= 1
        if self.style is not None and name.rpartition(" ")[2].lower() == "style":
            refuse_active_style("".join(self.style))
            self.style = None

    def text(self, data: str) -> None:
        if self.style is not None:
            self.style.append(data)

    def instruction(self, target: str, data: str) -> None:
        if target.lower() == "xml-stylesheet":
            raise Wrong("active")

    def doctype(self, name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:
        if has_internal_subset:
            raise Wrong("active")

    def entity(self, *_declaration: object) -> None:
        raise Wrong("active")


def refuse_active_style(style: str) -> None:
    """Raises Wrong for a style that loads something; escapes are read as CSS reads them."""
    plain = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    plain = re.sub(r"\\([0-9a-fA-F]{1,6})\s?", lambda found: _character(found[1]), plain)
    plain = re.sub(r"\\(.)", r"\1", plain)
    if _STYLE_ACTIVE.search(plain):
        raise Wrong("active")
    for link in _STYLE_LINK.findall(plain):
        if not (link.startswith("#") or _INLINE_PICTURE.fullmatch(link)):
            raise Wrong("active")


def _character(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if 0 < code < 0x110000 else ""


def look(file: BinaryIO, content_type: str) -> Found:
    if file.seek(0, os.SEEK_END) > MAX_BYTES:
        raise Wrong("too_large")
    file.seek(0)
    if b"<" not in file.read(1024):
        raise Wrong("other_type")
    file.seek(0)
    reader = _Reader()
    try:
        while chunk := file.read(_CHUNK):
            reader.parser.Parse(chunk, False)
        reader.parser.Parse(b"", True)
    except expat.ExpatError:
        raise Wrong("broken" if reader.elements else "other_type") from None
    return Found()
