"""GET voices: the catalogue, for everybody."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from generations.models import Voice
from tests.factories import make_voice
from tests.generations.api.checks import VOICE, both_forms, refused, rows_of, walk, wrong_methods

pytestmark = pytest.mark.django_db
URL = "/api/v1/voices"


def test_it_needs_no_credentials_and_looks_at_none(api, voice):
    assert rows_of(api().get(URL)) == [
        {
            "id": "espeak:en-gb",
            "engine": "espeak",
            "name": "English (Great Britain)",
            "language": "en-GB",
            "gender": "neutral",
            "kind": "synthetic",
            "available": True,
            "tokensPerCharacter": 1,
            "maxCharacters": 100_000,
            "turnaround": None,
            "previewUrl": None,
        }
    ]
    forged = api()
    forged.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    assert len(rows_of(forged.get(URL))) == 1
    both_forms(api(), URL)


def test_any_other_site_may_show_it(api, voice):
    elsewhere = "https://anywhere.example"
    assert api().get(URL, headers={"Origin": elsewhere}).headers["Access-Control-Allow-Origin"] in {"*", elsewhere}


def test_prices_and_promises_keep_their_types(api):
    make_voice(
        key="studio:anna",
        kind=Voice.Kind.HUMAN,
        tokens_per_character=Decimal("2.125"),
        turnaround_seconds=86_400,
        gender="female",
    )
    (row,) = rows_of(api().get(URL))
    assert row.keys() >= VOICE
    assert (row["tokensPerCharacter"], row["turnaround"], row["kind"]) == (2.125, 86_400, "human")


def test_a_preview_is_named_when_it_is_there(api, settings):
    make_voice(preview_recorded_at=timezone.now(), preview_key="audio/2026/11/a.mp3")
    (row,) = rows_of(api().get(URL))
    assert row["previewUrl"] == f"{settings.SITE_URL}/voices/espeak:en-gb/preview.mp3"


@pytest.fixture
def several():
    make_voice(key="espeak:fr", language="fr", label="French")
    make_voice(key="espeak:es", language="es", label="Spanish (Spain)")
    make_voice(key="espeak:es-419", language="es-419", label="Spanish (Latin America)")
    make_voice(key="espeak:et", language="et", label="Estonian")
    make_voice(key="studio:anna", language="de", label="Anna", kind=Voice.Kind.HUMAN)
    make_voice(key="espeak:gone", is_available=False)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["studio:anna", "espeak:es", "espeak:es-419", "espeak:et", "espeak:fr"]),
        ("?language=es", ["espeak:es", "espeak:es-419"]),
        ("?language=ES-419", ["espeak:es-419"]),
        ("?language=en", []),
        ("?engine=studio", ["studio:anna"]),
        ("?kind=human", ["studio:anna"]),
        ("?kind=synthetic&language=et", ["espeak:et"]),
        ("?q=spanish america", ["espeak:es-419"]),
        ("?q=", ["studio:anna", "espeak:es", "espeak:es-419", "espeak:et", "espeak:fr"]),
        ("?sort=-language&limit=1", ["espeak:fr"]),
        ("?nonsense=1&page=7", ["studio:anna", "espeak:es", "espeak:es-419", "espeak:et", "espeak:fr"]),
    ],
)
def test_it_is_sorted_by_language_and_narrowed(api, several, query, ids):
    assert [row["id"] for row in rows_of(api().get(URL + query))] == ids


def test_it_comes_in_pages(api, several):
    ids = [row["id"] for row in walk(api(), f"{URL}?limit=2")]
    assert ids == ["studio:anna", "espeak:es", "espeak:es-419", "espeak:et", "espeak:fr"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("language=english", "language"),
        ("language=", "language"),
        ("kind=robot", "kind"),
        ("sort=name", "sort"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("cursor=nonsense", "cursor"),
        ("q=" + "a" * 201, "q"),
        ("engine=%00", "engine"),
    ],
)
def test_bad_parameters_are_named(api, query, field):
    refused(api().get(f"{URL}?{query}"), 400, "VALIDATION_ERROR", field)


def test_it_only_reads(api):
    wrong_methods(api(), URL, "GET")


def test_its_queries_do_not_grow_with_the_voices(api, django_assert_max_num_queries):
    for number in range(30):
        make_voice(key=f"espeak:v{number}")
    with django_assert_max_num_queries(1):
        assert len(rows_of(api().get(f"{URL}?limit=100"))) == 30
