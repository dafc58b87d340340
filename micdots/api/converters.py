"""The path converter for ids: ``path("dots/<id:dot_id>", …)``."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.urls import register_converter

from micdots.api.fields import parse_uuid


@dataclass(frozen=True)
class Malformed:
    """A part of the path that should have been an id; ``ApiView`` answers it with VALIDATION_ERROR."""

    text: str


class IdConverter:
    """Takes any path segment: Django's own converter would turn a malformed id into an unknown address."""

    regex = "[^/]+"

    def to_python(self, value: str) -> uuid.UUID | Malformed:
        try:
            return parse_uuid(value)
        except ValueError:
            return Malformed(value)

    def to_url(self, value: uuid.UUID | str) -> str:
        return str(value)


register_converter(IdConverter, "id")
