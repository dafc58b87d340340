"""What listeners can read about the counting, in plain words; docs/privacy.md has it in full."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from micdots.lib.page_language import words_language


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Drawn without the request, as the play page is: no cookie is set or read."""
    context = {"months": settings.EVENT_MONTHS, "knows_places": bool(settings.GEO_DATABASE)}
    response = HttpResponse(render_to_string("plays/privacy.html", context))
    response["Cache-Control"] = "no-cache"
    response["Content-Language"] = words_language()
    return response
