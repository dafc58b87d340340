"""Base classes for what goes in and what comes out. Fields are written in ``snake_case`` and travel in ``camelCase``.

``Input`` and ``Query`` validate, ``Output`` shows; they are separate classes, and writing is a service's business, so
none of them has ``save()``. Inside, validated data keeps the names of the fields::

    class TitleInput(Input):
        dot_title = StrictCharField(max_length=120)        # {"dotTitle": "…"} → {"dot_title": "…"}

    class TitleOutput(Output):
        dot_title = serializers.CharField(source="title")   # {"dotTitle": "…"}
        play_url = serializers.SerializerMethodField()      # get_play_url(self, dot)
        created_at = UtcDateTimeField()                     # always UTC with Z
"""

from __future__ import annotations

from threading import local
from typing import Any, Self

from rest_framework import serializers

from micdots.lib.camel_case import camel

_held = local()


class CamelCaseSerializer(serializers.Serializer[Any]):
    """Shows every field under its camelCase name. ``validate_<field>`` and ``get_<field>`` keep the Python name."""

    @classmethod
    def held(cls) -> Self:
        """One for every call on this thread. REST framework copies all fields for each serializer that it makes, which
        costs more than what they are then asked to do. So this one has neither data nor context, and is not for
        lists: use ``run_validation`` and ``to_representation``.
        """
        by_class: dict[type, Any] = _held.__dict__.setdefault("by_class", {})
        if cls not in by_class:
            by_class[cls] = cls()
        held: Self = by_class[cls]
        return held

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {}
        for name, field in super().get_fields().items():
            outside = camel(name)
            if isinstance(field, serializers.SerializerMethodField):
                field.method_name = field.method_name or f"get_{name}"
            elif outside != name and field.source is None:
                field.source = name
            if outside != name and hasattr(self, f"validate_{name}"):
                # REST framework looks the method up by the outside name.
                setattr(self, f"validate_{outside}", getattr(self, f"validate_{name}"))
            fields[outside] = field
        return fields


class Input(CamelCaseSerializer):
    """A request's body. Use the strict fields of ``micdots.api.fields``; unknown keys are ignored.

    With PATCH, every field may be left out: ``body`` then holds only what was sent.
    """


class Query(CamelCaseSerializer):
    """A request's query parameters, each optional unless it says ``required=True``. Unknown ones are ignored."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = bool(field._kwargs.get("required", False))  # type: ignore[attr-defined]  # as declared
        return fields


class Output(CamelCaseSerializer):
    """What an answer shows. REST framework's ordinary fields do, but times need ``UtcDateTimeField``."""
