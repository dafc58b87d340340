"""The play page, in its two addresses, and what stands in its place.

No cookie is set or read here, and templates get no request: nothing in them can ask the session or the account.
"""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from generations.codes import normalise_code
from generations.models import Dot, Rendition
from generations.player import player_for
from micdots.lib.errors import Gone, NotFound
from micdots.lib.language_names import language_name
from micdots.lib.language_tags import primary_language
from micdots.lib.page_language import page_language, words_language
from micdots.lib.request_id import current_request_id
from micdots.lib.text_direction import text_direction
from plays import selectors
from plays.addresses import audio_address, captions_address, events_address, page_address
from plays.counting import is_scan
from plays.front import ASKED, KEEPABLE, Keepable
from plays.passes import issue_pass, needs_pass
from plays.requests import check_dot_password, has_pass, wanted_rendition
from plays.services import UNKNOWN, record_miss, record_scan

NOT_KEPT = "no-store"
# Asked for again each time, so that a pause, a password or a new text shows at once; the answer may be kept to compare.
REVALIDATED = "no-cache, private"


# Exempt: a forged form would have to know the dot's password, and gains nothing with it. See docs/adr/0009.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def play_page(request: HttpRequest, name: str, is_printed: bool = False) -> HttpResponse:
    """The page behind a code or slug; ``is_printed``: by the address that is printed."""
    try:
        dot, state = _find(request, name)
    except NotFound:
        if is_scan(request.META) and (code := normalise_code(name)):
            record_miss(request.META, code=code, reason=UNKNOWN)
        return _answer("plays/not_found.html", {"name": name[:60]}, status=404)
    try:
        selectors.check_heard(dot)
    except Gone as gone:
        if is_scan(request.META):
            record_miss(request.META, code=dot.code, reason=gone.details["reason"], dot_id=dot.pk)
        return _answer("plays/gone.html", _gone_context(dot, gone.details["reason"]), status=410)
    rendition = wanted_rendition(request, dot)
    heard = selectors.heard_by_visitor(dot, rendition)
    if is_scan(request.META):
        record_scan(request.META, heard, is_printed=is_printed)
    if state and not needs_pass(dot):
        until = dot.expires_at.timestamp() if dot.expires_at else math.inf
        request.META[KEEPABLE] = Keepable(heard, state, until)
    with translation.override(_page_language(request, rendition)):
        if dot.has_password and not has_pass(request, dot):
            wrong = request.method == "POST"
            if not wrong or not check_dot_password(request, dot, request.POST.get("password", "")):
                context = {"action": page_address(dot, language=request.GET.get("language", "")), "wrong": wrong}
                return _answer("plays/password.html", context, status=403 if wrong else 200)
        return _answer(
            "plays/play.html",
            _play_context(dot, rendition),
            cache_control=NOT_KEPT if needs_pass(dot) else REVALIDATED,
        )


def _find(request: HttpRequest, name: str) -> tuple[Dot, tuple[Any, ...]]:
    """The dot, and where its page may be kept, what that depends on; see ``plays.front``. Raises NotFound."""
    dot = selectors.find_dot(name)
    if not request.META.get(ASKED) or needs_pass(dot):
        return dot, ()
    # The state first, then once more what is drawn: a change between the two is then seen, and not the other way round.
    state = selectors.page_state(dot.pk)
    return selectors.find_dot(name), state


def _play_context(dot: Dot, rendition: Rendition) -> dict[str, Any]:
    generation = selectors.heard_generation(rendition)
    # The same pass for everything on the page, and only where one is needed: other pages are the same for everybody.
    token = issue_pass(dot) if needs_pass(dot) else ""
    language = rendition.language
    return {
        "dot": dot,
        "title_language": dot.default_language or language,
        "title_direction": text_direction(dot.default_language or language),
        "is_synthetic": generation.is_synthetic,
        "player": player_for(
            generation,
            audio_url=audio_address(dot, language, token=token),
            captions_url=captions_address(dot, language, token=token),
        ),
        # Where plays are counted down, asking for the audio is one.
        "asks_late": dot.max_plays is not None,
        "events_url": events_address(dot, token=token),
        # Where plays are counted down, a file to keep would be a play without end.
        "download_url": audio_address(dot, language, download="1", token=token) if dot.max_plays is None else "",
        "languages": [
            {
                "tag": other.language,
                "name": language_name(other.language, reader=other.language),
                "direction": text_direction(other.language),
                "url": page_address(dot, language=other.language, token=token if dot.has_password else ""),
                "is_current": other.language == language,
            }
            for other in dot.renditions.all()
        ],
    }


def _page_language(request: HttpRequest, rendition: Rendition) -> str:
    """The page speaks the visitor's language; who chooses another voice's language is taken at the word."""
    chosen = primary_language(rendition.language)
    if request.GET.get("language") and chosen in dict(settings.LANGUAGES) and page_language(chosen) == chosen:
        return chosen
    return translation.get_language() or settings.LANGUAGE_CODE


def _answer(template: str, context: dict[str, Any], status: int = 200, cache_control: str = NOT_KEPT) -> HttpResponse:
    body = render_to_string(template, {"request_id": current_request_id() if status >= 400 else "", **context})
    response = HttpResponse(body, status=status)
    response["Cache-Control"] = cache_control
    # Of the words that are on it, as its ``lang`` says: a language without a catalogue speaks English.
    response["Content-Language"] = words_language()
    return response


def _gone_context(dot: Dot, reason: str) -> dict[str, Any]:
    """Neither title nor anything else of the dot: who paused or deleted it need not explain."""
    sentences = {
        Dot.Status.MAKING: _("The voice of this dot is still being made. Please try again in a moment."),
        Dot.Status.PAUSED: _("This dot is paused by the person who made it. Please try again later."),
        Dot.Status.SCHEDULED: _("This dot is scheduled for later."),
        Dot.Status.EXPIRED: _("This dot has expired: its time is over."),
        Dot.Status.USED_UP: _("This dot is used up: it has been heard as often as it was meant to be."),
        Dot.Status.BLOCKED: _("This dot was blocked by the people who run this site."),
        Dot.Status.DELETED: _("This dot was deleted by the person who made it."),
    }
    return {"reason": reason, "sentence": sentences[Dot.Status(reason)], "dot": dot}
