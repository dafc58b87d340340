"""Listening in the back office: looked at, never edited. The figures are on the page Analytics (``dashboard``)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from micdots.lib.admin import ReadOnlyAdmin
from plays.models import DailySalt, DayFigures, DayShare, Event, HourFigures, ListeningSettings, Miss, SpoolPosition

COUNTED = 10_000  # rows of a list


class ShortPaginator(Paginator):
    """Counts no further than ``COUNTED`` rows, and so ends there: whoever looks for older ones searches or filters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = COUNTED

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.most].count())


class ListeningAdmin(ReadOnlyAdmin):
    """What the tables of listening share: found by a dot's code, newest first, without counting millions of rows."""

    paginator = ShortPaginator
    list_select_related = ("dot",)
    search_fields = ("dot__code__iexact",)
    search_help_text = _("Code of a dot")
    date_hierarchy = None  # would ask for the first and last of all rows
    ordering = ("-pk",)


@admin.register(Event)
class EventAdmin(ListeningAdmin):
    list_display = ("at", "dot", "kind", "language", "position_ms", "heard_ms", "is_printed", "is_bot")
    list_filter = ("kind", "is_printed", "is_bot")
    # What tells visitors of a day apart is of use to nobody here.
    exclude = ("visitor",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("visitor")


@admin.register(DayFigures)
class DayFiguresAdmin(ListeningAdmin):
    list_display = ("day", "dot", "language", "scans", "unique_visitors", "plays", "completions", "zone")


@admin.register(HourFigures)
class HourFiguresAdmin(ListeningAdmin):
    list_display = ("hour", "dot", "language", "scans", "unique_visitors", "plays", "completions")


@admin.register(DayShare)
class DayShareAdmin(ListeningAdmin):
    list_display = ("day", "dot", "language", "dimension", "value", "count")
    list_filter = ("dimension",)


@admin.register(Miss)
class MissAdmin(ReadOnlyAdmin):
    """Codes that were asked for in vain: a misprint stands out here."""

    paginator = ShortPaginator
    list_display = ("day", "code", "reason", "count")
    list_filter = ("reason",)
    search_fields = ("code__iexact",)
    search_help_text = _("Code")
    ordering = ("-day", "-count")


@admin.register(SpoolPosition)
class SpoolPositionAdmin(ReadOnlyAdmin):
    """How far the files of the spool have been taken in; empty when all is done."""

    list_display = ("name", "taken_bytes", "updated_at")


@admin.register(DailySalt)
class DailySaltAdmin(ReadOnlyAdmin):
    """That there is one a day, and no older ones; never the salt itself."""

    list_display = ("day",)
    fields = ("day",)


@admin.register(ListeningSettings)
class ListeningSettingsAdmin(ReadOnlyAdmin):
    """What accounts chose; theirs to change, not ours."""

    list_display = ("owner", "keeps_attributes", "wants_weekly_mail", "weekly_mail_sent_on")
    list_filter = ("keeps_attributes", "wants_weekly_mail")
    list_select_related = ("owner",)
    search_fields = ("owner__email__iexact",)
    search_help_text = _("E-mail address")
