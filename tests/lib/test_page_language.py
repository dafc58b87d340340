"""Pages speak a language that they are translated into, or English; never a mixture."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import gettext, trans_real

from micdots.lib.page_language import PageLanguageMiddleware, page_language

# Django has words in Hebrew; we have none, so far as this test goes.
UNTRANSLATED = "he"


@pytest.fixture(autouse=True)
def _languages(settings):
    settings.LANGUAGES = [*settings.LANGUAGES, (UNTRANSLATED, "Hebrew")]
    page_language.cache_clear()
    yield
    page_language.cache_clear()
    translation.deactivate()
    trans_real._translations.pop(UNTRANSLATED, None)


def answered_in(accept: str) -> tuple[str, str]:
    """The language of the page, and a word of Django's own on it."""
    said = []

    def view(request):
        said.append((request.LANGUAGE_CODE, gettext("Text")))
        return HttpResponse()

    response = PageLanguageMiddleware(view)(RequestFactory().get("/", headers={"Accept-Language": accept}))
    assert response["Content-Language"] == said[0][0]
    return said[0]


def test_without_a_catalogue_everything_is_english():
    assert page_language(UNTRANSLATED) == "en"
    assert answered_in(UNTRANSLATED) == ("en", "Text")


def test_with_one_the_page_speaks_it(settings, tmp_path):
    catalogue = Catalog(locale=UNTRANSLATED)
    catalogue.add("en", UNTRANSLATED, context="language tag of this translation")
    folder = tmp_path / UNTRANSLATED / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalogue)
    settings.LOCALE_PATHS = [tmp_path]

    assert page_language(UNTRANSLATED) == UNTRANSLATED
    assert answered_in("he-IL, en;q=0.5")[0] == UNTRANSLATED
