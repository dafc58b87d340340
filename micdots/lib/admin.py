"""The back office: one base class for its pages, and a registry of panels for its front page.

An app's ``admin.py`` subclasses ``BackOfficeAdmin``, or ``ReadOnlyAdmin`` for what nobody may edit; actions call
services. A panel is registered where the app starts (``AppConfig.ready``)::

    register_panel("queue", 20, queue_figures, "generations/admin/_queue.html")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from micdots.lib.errors import MicDotsError

# --- Pages ------------------------------------------------------------------------------------------------------------


class BackOfficeAdmin(ModelAdmin):
    """Base of every admin page.

    Subclasses set ``list_display``, ``search_fields``, ``list_filter``, ``list_select_related`` and
    ``autocomplete_fields`` or ``raw_id_fields``. Rows are made and deleted by services, so both are off here.
    """

    list_per_page = 50
    show_full_result_count = False  # counting a large table costs more than showing fifty rows of it
    compressed_fields = True
    warn_unsaved_form = True
    can_add = False
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_add and bool(super().has_add_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_delete and bool(super().has_delete_permission(request, obj))

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """As Django's; an id that was pasted whole is looked up, whatever ``search_fields`` says."""
        if public_id := _as_uuid(search_term):
            names = {field.name for field in self.model._meta.fields}
            for name in ("public_id", "reference"):
                if name in names and (found := queryset.filter(**{name: public_id})).exists():
                    return found, False
        found, may_have_duplicates = super().get_search_results(request, queryset, search_term)
        return found, bool(may_have_duplicates)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """As Django's; what a service refuses is said above the page, and nothing is saved."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except MicDotsError as error:
            messages.error(request, str(error.message))
            return HttpResponseRedirect(request.get_full_path())

    def act(
        self,
        request: HttpRequest,
        target: models.Model | None,
        *,
        title: str,
        form_class: type[forms.Form],
        do: Callable[[dict[str, Any]], Any],
        done: str,
        text: str = "",
    ) -> HttpResponse:
        """A page that asks for what an action needs (a reason, an amount) and calls a service with it.

        Args:
            target: the row that it is about; None where the action makes one.
            title: what is going to happen; also the words on the button.
            do: called with the form's data; what it refuses (``MicDotsError``) stands on the form. Without a target it
                returns the row that it made.
            done: said when it has happened. The row's history remembers it with the form's ``reason``.
            text: what to know before.
        """
        form = form_class(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = do(form.cleaned_data)
            except MicDotsError as error:
                _tell(form, error)
            else:
                row = target or made
                reason = form.cleaned_data.get("reason", "")
                self.log_change(request, row, f"{title}: {reason}" if reason else title)
                messages.success(request, done)
                return HttpResponseRedirect(self.page_of(row))
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "text": text,
            "form": form,
            "target": target,
            "back_url": self.page_of(target),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/staff_action.html", context)

    def page_of(self, target: models.Model | None) -> str:
        """The address of a row's page, or of the list."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{name}_change", args=[target.pk]) if target else reverse(f"{name}_changelist")


class ReadOnlyAdmin(BackOfficeAdmin):
    """For ledgers, logs and events: looked at, never edited."""

    warn_unsaved_form = False
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _tell(form: forms.Form, error: MicDotsError) -> None:
    placed = [name for name in error.details if name in form.fields]
    for name in placed:
        form.add_error(name, [str(message) for message in error.details[name]])
    if not placed:
        form.add_error(None, str(error.message))


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


# --- The front page ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Panel:
    """One box on the front page.

    Attributes:
        name: registered once; registering it again replaces it.
        order: lower comes first.
        context: what the template needs, for this request.
        template: renders the box, heading included.
        permission: ``app.codename`` that one must have to see it; empty for all staff.
    """

    name: str
    order: int
    context: Callable[[HttpRequest], Mapping[str, Any]]
    template: str
    permission: str = ""

    def render(self, request: HttpRequest) -> SafeString:
        return render_to_string(self.template, dict(self.context(request)), request)


_panels: dict[str, Panel] = {}


def register_panel(
    name: str,
    order: int,
    context: Callable[[HttpRequest], Mapping[str, Any]],
    template: str,
    permission: str = "",
) -> None:
    """Put a box on the front page of the back office; see ``Panel``."""
    _panels[name] = Panel(name, order, context, template, permission)


def panels(request: HttpRequest) -> list[Panel]:
    """The boxes that this member of staff sees, in order."""
    visible = (panel for panel in _panels.values() if not panel.permission or request.user.has_perm(panel.permission))
    return sorted(visible, key=lambda panel: (panel.order, panel.name))


def panels_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What django-unfold asks for when it shows the front page (``UNFOLD["DASHBOARD_CALLBACK"]``)."""
    # Rendered when the template comes to it, with the page's own context processors.
    return {**context, "panels": [partial(panel.render, request) for panel in panels(request)]}
