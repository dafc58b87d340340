"""Who listened: the pages below /analytics/, for all dots of an account or for one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.pages import account, client_page
from accounts.selectors import is_email_verified
from dashboard import exports
from dashboard.forms import ListeningSettingsForm, PeriodForm, narrowed
from dashboard.names import people
from dashboard.reports import Preset, presets, report_on
from generations.access import dot_for
from generations.models import Dot
from generations.selectors import dots_for
from plays import figures
from plays.days import known_zone
from plays.preferences import change_preferences, preferences_of

UNPROCESSABLE = 422


@dataclass(frozen=True)
class Question:
    """Whose figures somebody asks for, and the form that says which."""

    user: User
    dot: Dot | None
    form: PeriodForm

    @property
    def scope(self) -> figures.Scope:
        """What the figures are of; a form that is wrong narrows nothing down, and shows no figures either."""
        wanted = self.form.cleaned_data if self.form.is_valid() else {}
        return figures.Scope(
            owner=self.user, dot=self.dot, tag=wanted.get("tag", ""), language=wanted.get("language", "")
        )

    def address(self, name: str) -> str:
        """Of a page about the same: ``overview``, ``csv``, ``xlsx`` or ``listening-now``."""
        if self.dot is None:
            return reverse(f"analytics:{name}")
        return reverse("analytics:dot" if name == "overview" else f"analytics:dot-{name}", args=[self.dot.public_id])


def _question(request: HttpRequest, public_id: UUID | None) -> Question:
    """Raises NotFound for a dot that is not the account's."""
    user = account(request)
    dot = dot_for(user, public_id) if public_id else None
    whole = figures.Scope(owner=user, dot=dot)
    zone = known_zone(user.timezone)
    form = PeriodForm(
        request.GET.dict(),
        zone=zone,
        today=timezone.localdate(timezone=zone),
        tags=figures.tags_of(whole) if dot is None else (),
        languages=partial(figures.languages_of, whole),
    )
    return Question(user, dot, form)


@require_GET
@client_page
def overview(request: HttpRequest, public_id: UUID | None = None) -> HttpResponse:
    """The figures of all dots, or of one."""
    return _page(request, _question(request, public_id))


def _page(request: HttpRequest, question: Question) -> HttpResponse:
    form, is_right = question.form, question.form.is_valid()
    context: dict[str, Any] = {
        "form": form,
        "dot": question.dot,
        "page_url": question.address("overview"),
        "presets": [(preset, _keep(request, preset)) for preset in presets(form.span, form.today)],
        "zone": form.zone.key,
        "live_url": _with_query(question.address("listening-now"), request),
        "keeps_attributes": preferences_of(question.user).keeps_attributes,
    }
    if is_right and form.span is not None:
        context |= _listening(question.scope)
        context |= {
            "report": report_on(
                question.scope, form.span, now=timezone.now(), compares=form.compares, with_dots=question.dot is None
            ),
            "csv_url": _with_query(question.address("csv"), request),
            "xlsx_url": _with_query(question.address("xlsx"), request),
            "has_dots": question.dot is not None or dots_for(question.user).exists(),
        }
    return render(request, "dashboard/analytics.html", context, status=200 if is_right else UNPROCESSABLE)


@require_GET
@client_page
def listening_now(request: HttpRequest, public_id: UUID | None = None) -> HttpResponse:
    """The number alone, for the page that is open. What narrows the page down narrows it down too."""
    user = account(request)
    scope = figures.Scope(owner=user, dot=dot_for(user, public_id) if public_id else None)
    # Asked every few seconds by every open page: without the form, which looks through the account's figures.
    context = {"live_url": _with_query(request.path, request), **_listening(narrowed(scope, request.GET.dict()))}
    return render(request, "dashboard/_listening_now.html", context)


def _listening(scope: figures.Scope | None) -> dict[str, Any]:
    count = figures.listening_now(scope, timezone.now()) if scope else 0
    return {"listening": people(count), "listening_count": count}


@require_GET
@client_page
def export_csv(request: HttpRequest, public_id: UUID | None = None) -> HttpResponseBase:
    """The figures for a program or a spreadsheet, sent row by row."""
    question = _question(request, public_id)
    if not question.form.is_valid() or question.form.span is None:
        return _page(request, question)
    return exports.csv_response(question.scope, question.form.span)


@require_GET
@client_page
def export_xlsx(request: HttpRequest, public_id: UUID | None = None) -> HttpResponseBase:
    """The figures as a workbook."""
    question = _question(request, public_id)
    if not question.form.is_valid() or question.form.span is None:
        return _page(request, question)
    return exports.xlsx_response(question.scope, question.form.span)


@require_http_methods(["GET", "POST"])
@client_page
def edit_settings(request: HttpRequest) -> HttpResponse:
    """What is written down of listeners, and the weekly mail."""
    user = account(request)
    row = preferences_of(user)
    initial = {"keeps_attributes": row.keeps_attributes, "wants_weekly_mail": row.wants_weekly_mail}
    form = ListeningSettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        change_preferences(account=user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("The settings are saved."))
        return redirect("analytics:settings")
    context = {"form": form, "is_verified": is_email_verified(user), "zone": known_zone(user.timezone).key}
    return render(request, "dashboard/analytics_settings.html", context)


def _keep(request: HttpRequest, preset: Preset) -> str:
    """The preset as a query, beside what else is chosen now."""
    query = QueryDict(mutable=True)
    for name in ("compare", "tag", "language"):
        if value := request.GET.get(name):
            query[name] = value
    query.update(preset.query)
    return query.urlencode()


def _with_query(path: str, request: HttpRequest) -> str:
    query = request.GET.urlencode()
    return f"{path}?{query}" if query else path
