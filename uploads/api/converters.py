"""The path converter for scopes: ``path("<scope:scope>/uploads/…", …)``."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import StringConverter

from uploads.models import Scope


class ScopeConverter(StringConverter):
    """The five scopes; anything else is an unknown address."""

    regex = "|".join(Scope.values)


register_converter(ScopeConverter, "scope")
