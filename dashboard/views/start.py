"""The landing page and the client's home."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from generations import catalogue, selectors
from generations.views.pages import account, client_page

NEWEST = 5


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What MicDots does, for those who come for the first time."""
    voices = catalogue.find_voices()
    return render(
        request,
        "dashboard/landing.html",
        {
            "voices_count": len(voices),
            "languages_count": len(catalogue.by_language(voices)),
            "welcome_tokens": settings.WELCOME_TOKENS,
            "is_open": settings.SIGNUP_OPEN,
        },
    )


@require_GET
@client_page
def home(request: HttpRequest) -> HttpResponse:
    """Where a client arrives after signing in."""
    user = account(request)
    newest = list(selectors.dots_for(user).order_by("-created_at", "-pk")[: NEWEST + 1])
    dots = newest[:NEWEST]
    return render(
        request,
        "dashboard/home.html",
        {
            "dots": dots,
            "failed": selectors.makings_of(dots).failed,
            "has_more": len(newest) > NEWEST,
            "balance": user.token_balance,
        },
    )
