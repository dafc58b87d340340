"""Scans and play events in the back office: looked at, never edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from micdots.lib.admin import ReadOnlyAdmin
from plays.models import DailySalt, PlayEvent, RecentVisitor, Scan


class ListeningAdmin(ReadOnlyAdmin):
    """What both kinds of events share: found by code, newest first, without counting millions of rows."""

    list_select_related = ("dot",)
    search_fields = ("dot__code__iexact",)
    search_help_text = _("Code of a dot")
    date_hierarchy = None  # would ask for the first and last of all rows
    ordering = ("-pk",)


@admin.register(Scan)
class ScanAdmin(ListeningAdmin):
    list_display = ("at", "dot", "language", "is_printed", "is_bot")
    list_filter = ("is_printed", "is_bot")


@admin.register(PlayEvent)
class PlayEventAdmin(ListeningAdmin):
    list_display = ("at", "dot", "event", "language", "position_ms", "heard_ms", "is_bot")
    list_filter = ("event", "is_bot")


@admin.register(DailySalt)
class DailySaltAdmin(ReadOnlyAdmin):
    """That there is one a day, and no older ones; never the salt itself."""

    list_display = ("day",)
    fields = ("day",)


@admin.register(RecentVisitor)
class RecentVisitorAdmin(ReadOnlyAdmin):
    """How many there are, and that they go within the hour; never the hash."""

    list_display = ("pk", "counted_at")
    fields = ("counted_at",)

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).defer("visitor")
