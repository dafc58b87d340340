"""The staff's page about the whole installation: who listened, and how it grows and works."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from dashboard import backoffice, exports
from dashboard.forms import PeriodForm, narrowed
from dashboard.names import people
from dashboard.reports import Preset, presets, report_on
from plays import figures
from plays.days import known_zone

UNPROCESSABLE = 422


def _form(request: HttpRequest) -> PeriodForm:
    assert isinstance(request.user, User)  # noqa: S101 - admin_view lets nobody else in
    zone = known_zone(request.user.timezone)
    languages = partial(figures.languages_of, figures.Scope())
    return PeriodForm(request.GET.dict(), zone=zone, today=timezone.localdate(timezone=zone), languages=languages)


def _scope(form: PeriodForm) -> figures.Scope:
    return figures.Scope(language=form.cleaned_data.get("language", "") if form.is_valid() else "")


def _with_query(name: str, request: HttpRequest) -> str:
    """The address of one of these pages for the same figures."""
    query = request.GET.urlencode()
    address = reverse(f"backoffice:{name}")
    return f"{address}?{query}" if query else address


def _kept(request: HttpRequest, preset: Preset) -> str:
    """The preset as a query, beside what else is chosen now."""
    chosen = {name: value for name in ("compare", "language") if (value := request.GET.get(name))}
    return urlencode({**chosen, **preset.query})


def _may_name_dots(request: HttpRequest) -> bool:
    """Sums are for all staff; which dots there are is for those who may look at dots."""
    return request.user.has_perm("generations.view_dot")


@require_GET
@admin.site.admin_view
def analytics(request: HttpRequest) -> HttpResponse:
    """The figures of everybody's dots together, and what the installation does."""
    # Its addresses are below the admin site's, in a namespace of their own; links on the page mean the site's.
    request.current_app = admin.site.name
    form = _form(request)
    is_right = form.is_valid()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Analytics"),
        "form": form,
        "presets": [(preset, _kept(request, preset)) for preset in presets(form.span, form.today)],
        "may_export": _may_name_dots(request),
        "zone": form.zone.key,
    }
    if is_right and form.span is not None:
        context |= _figures(request, form, form.span)
    return TemplateResponse(request, "admin/analytics/page.html", context, status=200 if is_right else UNPROCESSABLE)


def _figures(request: HttpRequest, form: PeriodForm, span: figures.Span) -> dict[str, Any]:
    scope = _scope(form)
    found, missed = backoffice.misses(span)
    return {
        **_listening(request, scope),
        "report": report_on(scope, span, compares=form.compares, with_dots=_may_name_dots(request), now=timezone.now()),
        "grown": backoffice.growth(span),
        "by_week": backoffice.is_by_week(span),
        "engines": backoffice.engine_use(span),
        "failures": backoffice.failures(span),
        "waiting": backoffice.waiting_for_ready(*backoffice.whole(span)),
        "queue": backoffice.queue(timezone.now()),
        "storage": backoffice.storage(),
        "top": backoffice.top_accounts(span) if request.user.has_perm("accounts.view_user") else [],
        "misses": found,
        "missed": missed,
        "csv_url": _with_query("csv", request),
        "xlsx_url": _with_query("xlsx", request),
    }


@require_GET
@admin.site.admin_view
def listening_now(request: HttpRequest) -> HttpResponse:
    """The number alone, for the page that is open."""
    # Asked every few seconds by every open page: without the form, which looks up all languages.
    scope = narrowed(figures.Scope(), {"language": request.GET.get("language", "")})
    return TemplateResponse(request, "dashboard/_listening_now.html", _listening(request, scope))


def _listening(request: HttpRequest, scope: figures.Scope | None) -> dict[str, Any]:
    count = figures.listening_now(scope, timezone.now()) if scope else 0
    return {"listening": people(count), "listening_count": count, "live_url": _with_query("listening-now", request)}


def _form_for_export(request: HttpRequest) -> PeriodForm:
    if not _may_name_dots(request):
        raise PermissionDenied
    return _form(request)


@require_GET
@admin.site.admin_view
def export_csv(request: HttpRequest) -> HttpResponseBase:
    """The figures of listening for a spreadsheet, with the dots that were scanned most."""
    form = _form_for_export(request)
    if not form.is_valid() or form.span is None:
        return analytics(request)
    return exports.csv_response(_scope(form), form.span)


@require_GET
@admin.site.admin_view
def export_xlsx(request: HttpRequest) -> HttpResponseBase:
    """The same as a workbook."""
    form = _form_for_export(request)
    if not form.is_valid() or form.span is None:
        return analytics(request)
    return exports.xlsx_response(_scope(form), form.span)
