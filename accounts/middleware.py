"""Pages in the language and the time zone of whoever is signed in."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from micdots.lib.page_language import page_language


class PreferencesMiddleware:
    """Activates what the account chose.

    A visitor without a session costs nothing here, and public pages (``PUBLIC_PATHS``) never look at the session: they
    speak the visitor's language, not the owner's, and stay free of cookies.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith(settings.PUBLIC_PATHS):
            return self.get_response(request)
        if request.user.is_authenticated:
            translation.activate(page_language(request.user.language))
            request.LANGUAGE_CODE = translation.get_language()
            try:
                timezone.activate(zoneinfo.ZoneInfo(request.user.timezone))
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                timezone.deactivate()  # a zone that the system's tables no longer have
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
