"""Which language tag goes with which."""

from __future__ import annotations

import pytest

from generations.languages import accepted_languages, best_match, covers, speaks


@pytest.mark.parametrize(
    ("voice", "wanted", "goes"),
    [
        ("en-GB", "en-GB", True),
        ("en-GB", "EN-gb", True),
        ("en-GB", "en", True),
        ("en", "en-GB", True),
        ("en-GB", "en-US", False),
        ("en", "eng", False),
        ("zh", "zh-Hant-TW", True),
        ("de", "en", False),
    ],
)
def test_a_voice_speaks_the_broader_and_the_narrower(voice, wanted, goes):
    assert speaks(voice, wanted) is goes


@pytest.mark.parametrize(
    ("wanted", "language", "found"),
    [("es", "es", True), ("es", "es-419", True), ("es-419", "es", False), ("ES", "es-MX", True), ("es", "est", False)],
)
def test_a_filter_finds_the_narrower_only(wanted, language, found):
    assert covers(wanted, language) is found


@pytest.mark.parametrize(
    ("wanted", "offered", "best"),
    [
        (["de"], ["en", "de"], "de"),
        (["de-CH"], ["en", "de"], "de"),
        (["en"], ["de", "en-GB"], "en-GB"),
        (["en-US"], ["de", "en-GB"], "en-GB"),
        (["fr", "de"], ["de", "en"], "de"),
        (["en-US", "de"], ["de", "en-GB"], "en-GB"),
        (["fr"], ["de", "en"], None),
        ([], ["de"], None),
        (["de"], [], None),
        (["EN-us"], ["en", "en-US"], "en-US"),
    ],
)
def test_the_best_match(wanted, offered, best):
    assert best_match(wanted, offered) == best


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("de-CH,de;q=0.9,en;q=0.5", ["de-ch", "de", "en"]),
        ("en;q=0.2, fr;q=0.8, *;q=0.1", ["fr", "en"]),
        ("", []),
        ("*", []),
        (";;;,,=", []),
        ("x" * 20_000, []),
        ("de;q=nonsense", []),
    ],
)
def test_what_a_browser_accepts(header, tags):
    assert accepted_languages(header) == tags
