"""Asking for a voice: on a new dot, or another language, text or voice on one that is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from generations import selectors, services
from generations.access import dot_by_code_for
from generations.forms import SpeechForm, show_refusal
from generations.models import Dot, Generation
from generations.text import count_characters
from generations.views.pages import account, client_page
from micdots.lib.errors import Conflict, InsufficientTokens, ValidationFailed

NAMES = {"language": "voice", "settings": "voice"}


@require_http_methods(["GET", "POST"])
@client_page
def new_dot(request: HttpRequest) -> HttpResponse:
    return _speech_form(request, account(request), dot=None)


@require_http_methods(["GET", "POST"])
@client_page
def new_generation(request: HttpRequest, code: str) -> HttpResponse:
    user = account(request)
    dot = dot_by_code_for(user, code)
    if dot.deleted_at:
        messages.warning(request, _("This dot is in the bin. Restore it first."))
        return redirect("dots:detail", code=dot.code)
    return _speech_form(request, user, dot=dot)


def _speech_form(request: HttpRequest, user: User, *, dot: Dot | None) -> HttpResponse:
    if request.method == "GET":
        form = SpeechForm(owner=user, initial=_first_values(request, user, dot))
        return _page(request, form, dot)
    form = SpeechForm(request.POST, owner=user)
    if not form.is_valid():
        return _page(request, form, dot)
    if "check_price" in request.POST:
        return _page(request, form, dot, price=_price(form, user))
    try:
        generation = _request(form, user, dot)
    except ValidationFailed as error:
        show_refusal(form, error, NAMES)
    except InsufficientTokens as error:
        form.add_error("text", str(error.message))
    except Conflict as error:
        form.add_error(None, str(error.message))
    else:
        return redirect("dots:detail", code=generation.dot.code)
    return _page(request, form, dot)


def _request(form: SpeechForm, user: User, dot: Dot | None) -> Generation:
    cleaned = form.cleaned_data
    key: UUID | None = cleaned["request_key"]
    try:
        return services.request_generation(
            owner=user,
            text=cleaned["text"],
            voice_key=cleaned["voice"],
            title=cleaned["title"],
            speed=cleaned["speed"],
            pitch=cleaned["pitch"],
            dot=dot,
            request_key=key,
        )
    except Conflict:
        # Two clicks on "send": the other one was first, so what it began is what this one wanted.
        first = selectors.generations_for(user).filter(request_key=key).first() if key else None
        if first is None:
            raise
        return first


def _first_values(request: HttpRequest, user: User, dot: Dot | None) -> dict[str, Any]:
    """A form that is filled in where that is a help: ``?from=`` starts from a version, ``?voice=`` from the gallery."""
    values: dict[str, Any] = {}
    if voice := request.GET.get("voice", ""):
        values["voice"] = voice
    if dot is None:
        return values
    versions = selectors.generations_for(user, dot=dot).order_by("-created_at", "-pk")
    wanted = request.GET.get("from", "")
    try:
        start = versions.filter(public_id=UUID(wanted)).first() if wanted else None
    except ValueError:
        start = None
    if start is not None and start.voice is not None:
        values |= {"text": start.text, "voice": start.voice.key, "speed": start.speed, "pitch": start.pitch}
        values["title"] = "" if start.title == dot.title else start.title
    return values


def _price(form: SpeechForm, user: User) -> dict[str, int]:
    text, voice = form.cleaned_data["text"], selectors.voice_by_key(form.cleaned_data["voice"])
    tokens = selectors.price_of(text, voice)
    return {
        "characters": count_characters(text),
        "limit": voice.max_characters,
        "tokens": tokens,
        "left": user.token_balance - tokens,
    }


def _page(
    request: HttpRequest, form: SpeechForm, dot: Dot | None, *, price: dict[str, int] | None = None
) -> HttpResponse:
    context = {"form": form, "dot": dot, "price": price, "balance": account(request).token_balance}
    return render(request, "generations/speech_form.html", context)
