"""Languages are called by their names, in the reader's language."""

import pytest
from django.utils import translation

from micdots.lib.language_names import language_name, primary_language_name


@pytest.mark.parametrize(
    ("tag", "reader", "name"),
    [
        ("en-GB", "en", "English (United Kingdom)"),
        ("en-GB", "de", "Englisch (Vereinigtes Königreich)"),
        ("fr", "fr", "Français"),
        ("zh-Hant-TW", "en", "Chinese (Traditional, Taiwan)"),
        ("es-419", "en", "Spanish (Latin America)"),
        ("de-x-berlin", "en", "German"),
        ("art-x-belta", "en", "Constructed languages"),
        ("qaa", "en", "qaa"),
        ("en", "tlh", "English"),  # a reader whose language has no names of languages
    ],
)
def test_a_tag_has_a_name(tag, reader, name):
    assert language_name(tag, reader) == name


def test_the_active_language_is_the_default():
    with translation.override("it"):
        assert primary_language_name("de-AT") == "Tedesco"
