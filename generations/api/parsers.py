"""Bodies of the API that are no JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from micdots.lib.errors import ValidationFailed


class VttParser(BaseParser):
    """A WebVTT file as it is; the view finds it where the JSON form has it. WebVTT is always in UTF-8."""

    media_type = "text/vtt"
    openapi: ClassVar[dict[str, Any]] = {"type": "string", "description": "The WebVTT file itself, in UTF-8."}

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        _type, parameters = parse_header_parameters(media_type or "")
        if parameters.get("charset", "utf-8").lower().replace("_", "-") not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type or "")
        try:
            text = stream.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValidationFailed({"captions": [_("This is not valid UTF-8.")]}) from None
        # A line of WebVTT may also end in a lone carriage return, which no text of ours may hold.
        return {"captions": text.replace("\r\n", "\n").replace("\r", "\n")}
