"""Which language pages speak: one that they are translated into, else English.

Django brings words of its own in many languages. Without a catalogue of ours a page would be English with a few Arabic
words in it, and a screen reader would read it with Arabic sounds.
"""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import pgettext


def words_language() -> str:
    """The language that our words are in now. Every catalogue translates this one message by its own tag."""
    return pgettext("language tag of this translation", "en")


@lru_cache(maxsize=256)
def page_language(wanted: str) -> str:
    """What is spoken to somebody who wants a language: that one, if pages are translated into it, else English."""
    with translation.override(wanted):
        return words_language()


class PageLanguageMiddleware(LocaleMiddleware):
    """As Django's (by cookie, then ``Accept-Language``), but only languages that pages are translated into."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        language = page_language(translation.get_language() or "en")
        translation.activate(language)
        request.LANGUAGE_CODE = language
