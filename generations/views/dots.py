"""The list of dots, and one dot: its page, its settings, the bin."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generations import selectors, services
from generations.access import dot_by_code_for
from generations.forms import DotFilterForm, DotSettingsForm, show_refusal
from generations.models import Dot, DotTag, Generation
from generations.views.contexts import dot_context
from generations.views.pages import account, client_page
from micdots.lib.errors import Conflict, ValidationFailed

DOTS_A_PAGE = 20


@require_GET
@client_page
def list_dots(request: HttpRequest) -> HttpResponse:
    user = account(request)
    in_bin = request.GET.get("bin") == "yes"
    tags = DotTag.objects.filter(dot__owner=user, dot__deleted_at=None).order_by("name").values_list("name", flat=True)
    form = DotFilterForm(request.GET, tags=list(tags.distinct()))
    narrowing = form.narrowing()
    rows = selectors.dots_for(user, deleted=in_bin, **narrowing).order_by("-created_at", "-pk")
    page = Paginator(rows, DOTS_A_PAGE).get_page(request.GET.get("page", 1))
    dots = list(page)
    return render(
        request,
        "generations/dot_list.html",
        {
            "form": form,
            "page": page,
            **_makings_context([] if in_bin else dots),
            "in_bin": in_bin,
            "bin_count": selectors.dots_for(user, deleted=True).count(),
            "is_narrowed": any(narrowing.values()),
        },
    )


@require_GET
@client_page
def made(request: HttpRequest) -> HttpResponse:
    """Of the dots that a list shows as being made (``code``, several times), the rows of those that no longer are."""
    if not getattr(request, "htmx", False):  # opened as a page
        return redirect("dots:list")
    codes = [code for code in request.GET.getlist("code")[:DOTS_A_PAGE] if code.isascii() and code.isalnum()]
    dots = list(selectors.dots_for(account(request), deleted=False).filter(code__in=codes).order_by("pk"))
    context = _makings_context(dots)
    ended = [dot for dot in dots if dot not in context["making"]]
    sentences = [_ended_sentence(dot) for dot in ended]
    return render(request, "generations/_dots_made.html", {**context, "ended": ended, "sentences": sentences})


def _makings_context(dots: list[Dot]) -> dict[str, Any]:
    makings = selectors.makings_of(dots)
    return {"making": [dot for dot in dots if dot.pk in makings.running], "failed": makings.failed}


def _ended_sentence(dot: Dot) -> str:
    """What a screen reader says when a dot's newest voice has come to its end."""
    newest = dot.generations.order_by("-created_at", "-pk").values_list("status", flat=True).first()
    if newest == Generation.Status.READY:
        return _("“%(title)s” is ready.") % {"title": dot.title}
    if newest == Generation.Status.CANCELLED:
        return _("“%(title)s” was cancelled.") % {"title": dot.title}
    return _("“%(title)s” could not be made.") % {"title": dot.title}


@require_GET
@client_page
def show_dot(request: HttpRequest, code: str) -> HttpResponse:
    dot = dot_by_code_for(account(request), code)
    context = dot_context(dot, language=request.GET.get("language", ""), versions_page=request.GET.get("versions", 1))
    return render(request, "generations/dot.html", context)


@require_http_methods(["GET", "POST"])
@client_page
def dot_settings(request: HttpRequest, code: str) -> HttpResponse:
    dot = dot_by_code_for(account(request), code)
    if dot.deleted_at:
        messages.warning(request, _("This dot is in the bin. Restore it first."))
        return redirect("dots:detail", code=dot.code)
    form = DotSettingsForm(request.POST or None, dot=dot)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_dot(dot=dot, changes=form.changes())
        except ValidationFailed as error:
            show_refusal(form, error, DotSettingsForm.NAMES)
        except Conflict as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("dots:detail", code=dot.code)
    return render(request, "generations/dot_settings.html", {"dot": dot, "form": form})


@require_POST
@client_page
def delete_dot(request: HttpRequest, code: str) -> HttpResponse:
    dot = services.delete_dot(dot=dot_by_code_for(account(request), code))
    messages.success(
        request, _("“%(title)s” is in the bin. Its code no longer plays.") % {"title": dot.title}, extra_tags="bin"
    )
    return redirect("dots:detail", code=dot.code)


@require_POST
@client_page
def restore_dot(request: HttpRequest, code: str) -> HttpResponse:
    dot = dot_by_code_for(account(request), code)
    try:
        services.restore_dot(dot=dot)
    except Conflict as error:
        messages.warning(request, str(error.message))
    else:
        messages.success(request, _("“%(title)s” is back, under the same code.") % {"title": dot.title})
    return redirect("dots:detail", code=dot.code)
