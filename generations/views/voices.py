"""The gallery of voices: for everybody, signed in or not."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from generations import catalogue, selectors
from generations.forms import VoiceFilterForm
from uploads.storage import store

LANGUAGES_A_PAGE = 24


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    engines = selectors.voices().order_by("engine").values_list("engine", flat=True).distinct()
    form = VoiceFilterForm(request.GET, engines=list(engines))
    narrowing = form.narrowing()
    found = catalogue.find_voices(**narrowing)
    languages = catalogue.by_language(found)
    return render(
        request,
        "generations/voices.html",
        {
            "form": form,
            "page": Paginator(languages, LANGUAGES_A_PAGE).get_page(request.GET.get("page", 1)),
            "voices_count": len(found),
            "languages_count": len(languages),
            "is_narrowed": any(narrowing.values()),
        },
    )


@require_safe
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """To the short sample that was made when the catalogue was synced."""
    voice = selectors.voice_with_preview(key)
    if voice is None:
        raise Http404(_("There is no preview of this voice."))
    response = redirect(store().url(voice.preview_key, settings.SIGNED_URL_SECONDS))
    # The address it leads to works for longer than this, so a browser may remember the way.
    response["Cache-Control"] = "public, max-age=300"
    return response
