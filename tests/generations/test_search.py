"""Search finds the rows in which every word begins a word, the same ones on either database."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from generations import renditions, selectors, services, tasks
from generations.models import Dot, Generation
from generations.search import MOST_BYTES, WORDS_AT_MOST, index_text, search
from micdots.lib.folding import fold
from tests.factories import make_dot, make_generation, make_user, make_voice

pytestmark = pytest.mark.django_db


def found(owner, query):
    return set(selectors.generations_for(owner, query=query).values_list("text", flat=True))


def make(owner, text, **more):
    return make_generation(owner=owner, text=text, search_text=index_text(more.get("title", ""), text), **more)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Welcome to the old town hall.", "welcome"),
        ("Welcome to the old town hall.", "WELC"),
        ("Welcome to the old town hall.", "hall old"),
        ("Welcome to the old town hall.", "  t  "),
        ("Über die Brücke", "uber brucke"),
        ("uber die brucke", "Über Brücke"),
        ("Straße", "strasse"),
        ("Ærø", "æ"),
        ("İstanbul", "istanbul"),
        ("Добро пожаловать", "ДОБРО"),
        ("Ελλάδα", "ελλαδα"),
        ("مرحبا بالعالم", "مرحبا"),
        ("हिन्दी में", "हिन्दी"),
        ("한국어 박물관", "박물"),
        ("東京タワー", "東京"),
        ("ﬁnd the oﬃce", "find office"),
        ("Room 12e5 at 9:30", "12e5 9 30"),
        ("It's 3.14159, isn't it?", "3 14159"),
        ("e-mail name@example.org", "example"),
        ("Ⅷ and ① and x²", "viii 1 x2"),
        ("ＦＵＬＬ　ＷＩＤＴＨ", "full width"),
        ("the™ sign", "thetm"),
        ("𞤀𞤁 is Adlam", "𞤢"),
    ],
)
def test_words_are_found_whatever_case_accent_or_ending(alice, voice, text, query):
    make(alice, text)
    make(alice, "quite another one")
    assert found(alice, query) == {text}


def test_every_row_is_found_not_only_the_first(alice, voice):
    texts = {f"Town hall {number}" for number in range(30)}
    for text in texts:
        renditions.refresh_search_text(make(alice, text).dot)
    make(alice, "Museum")
    assert found(alice, "hall town") == texts
    assert selectors.dots_for(alice, query="hall").count() == 30


@pytest.mark.parametrize("query", ["elcome", "hall museum", "old-town-square", "halls"])
def test_every_word_must_begin_a_word(alice, voice, query):
    make(alice, "Welcome to the old town hall.")
    assert found(alice, query) == set()


@pytest.mark.parametrize("query", ["", "   ", "…!?", "'", '"', "\x00", "*", "\u0301"])
def test_a_query_without_a_word_finds_everything(alice, voice, query):
    make(alice, "One.")
    make(alice, "Two.")
    assert found(alice, query) == {"One.", "Two."}


OPERATORS = [
    "'",
    '"',
    "(",
    ")",
    "*",
    ":",
    "&",
    "|",
    "!",
    "<->",
    "^",
    "-",
    "+",
    "\\",
    "%",
    "_",
    "\x00",
    "{",
    ":*",
]


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators_are_no_operators(alice, voice, operator):
    make(alice, "town hall")
    assert found(alice, operator * 20_000) == {"town hall"}
    assert found(alice, f"town{operator} {operator}hall") == {"town hall"}
    assert found(alice, f"{operator}town{operator}museum") == set()


@pytest.mark.parametrize("word", ["AND", "OR", "NOT", "NEAR", "and not", "search_text", "rowid"])
def test_words_that_mean_something_to_a_database_are_words(alice, voice, word):
    make(alice, f"this {word} that")
    make(alice, "something else")
    assert found(alice, word) == {f"this {word} that"}


def test_a_very_long_query_is_searched_for_its_first_words(alice, voice):
    make(alice, "town hall")
    assert found(alice, "town hall " * 2_000) == {"town hall"}
    assert found(alice, "town " * WORDS_AT_MOST + "museum") == {"town hall"}
    assert found(alice, "a" * 20_000) == set()


def test_very_long_words_are_found(alice, voice):
    make(alice, "x" * 50_000)
    assert found(alice, "x" * 60) == {"x" * 50_000}


def test_titles_are_searched(alice, voice):
    make(alice, "Welcome.", title="Town hall")
    assert found(alice, "hall welcome") == {"Welcome."}


def test_nobody_finds_what_is_not_theirs(alice, charlie, voice):
    generation = make(alice, "A secret garden.")
    renditions.refresh_search_text(generation.dot)
    assert found(charlie, "secret") == set()
    assert list(selectors.dots_for(charlie, query="secret")) == []


def test_what_is_deleted_is_no_longer_found(alice, voice):
    generation = make(alice, "A secret garden.", status="failed")
    make(alice, "A secret door.")
    services.delete_generation(generation=generation)
    assert found(alice, "secret") == {"A secret door."}


def test_what_is_purged_is_no_longer_found(alice, voice, settings):
    settings.DELETED_DOT_DAYS = 0
    generation = make(alice, "A secret garden.")
    services.delete_dot(dot=generation.dot)
    services.purge_deleted_dots()
    assert found(alice, "secret") == set()
    assert not search(Dot.objects.all(), "secret").exists()


def test_a_dot_is_found_by_title_description_tags_and_the_texts_that_play(alice, voice):
    dot = make_dot(owner=alice, title="Fountain")
    make(alice, "Water since 1742.", dot=dot, status="ready", language="en-GB")
    make(alice, "Wasser seit 1742.", dot=dot, status="ready", language="de")
    make(alice, "A draft.", dot=dot, status="failed")
    services.update_dot(dot=dot, changes={"description": "On the market square", "tags": ["water works"]})

    for query in ("fount", "market", "works", "since 1742", "wasser fountain", "square wasser since"):
        assert [row.pk for row in selectors.dots_for(alice, query=query)] == [dot.pk], query
    assert not selectors.dots_for(alice, query="draft").exists()


def test_a_renamed_dot_is_found_by_its_new_name_only(alice, voice):
    dot = make_dot(owner=alice, title="Old name")
    renditions.refresh_search_text(dot)
    services.update_dot(dot=dot, changes={"title": "New name"})
    assert selectors.dots_for(alice, query="new").exists()
    assert not selectors.dots_for(alice, query="old").exists()


def test_a_new_version_takes_the_old_ones_words_away(alice, voice):
    dot = make_dot(owner=alice)
    make(alice, "The old words.", dot=dot, status="ready")
    make(alice, "Fresh sentences.", dot=dot, status="ready", created_at=timezone.now() + timedelta(1))
    assert selectors.dots_for(alice, query="fresh").exists()
    assert not selectors.dots_for(alice, query="old").exists()


def test_filters_and_search_go_together(alice, voice):
    make(alice, "Town hall", status="failed")
    make(alice, "Town square", status="queued")
    assert [row.text for row in selectors.generations_for(alice, query="town", status="queued")] == ["Town square"]


@pytest.mark.parametrize(
    "alphabet",
    ["가각간갈감갑강개객거건걸검겁게격견결경계고곡곤골공과관광괴교", "の日本語文章漢字東京都大阪府", "𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫"],
)
def test_a_dot_with_the_longest_texts_in_several_languages_can_be_saved(alice, voice, alphabet):
    """PostgreSQL refuses more than 1 MiB of distinct words in one row."""
    size = len(alphabet)
    words = ["".join(alphabet[number // size**place % size] for place in range(4)) for number in range(20_000)]
    dot = make_dot(owner=alice, title="Last")
    for language in ("ko", "ja", "ff"):
        generation = make(alice, " ".join(words)[:100_000], dot=dot, language=language, status="ready")
        assert len(generation.search_text.encode()) <= MOST_BYTES
    dot.refresh_from_db()
    assert len(dot.search_text.encode()) <= MOST_BYTES
    assert selectors.dots_for(alice, query=f"last {words[0]}").exists()


def test_sqlite_asks_the_index_first_once_it_knows_how_long_the_list_is(alice, voice):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its own statistics and chooses by them")
    generation = make(alice, "Town hall")
    Generation.objects.bulk_create(
        [
            Generation(
                owner=alice,
                dot=generation.dot,
                text="x",
                title="x",
                language="en",
                characters=1,
                tokens=1,
                search_text="x",
            )
            for _row in range(600)
        ]
    )
    tasks.purge_deleted_dots()
    plan = selectors.generations_for(alice, query="town").order_by("-created_at", "-pk").explain()
    assert "generation_by_owner_and_time" not in plan  # a walk along the list
    assert "generations_generation_search VIRTUAL TABLE INDEX" in plan


class EveryScript(TestCase):
    """Against a model in Python, over all of Unicode: what one database calls a word, the other does too."""

    @hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40),
        query=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6),
        cut=st.tuples(st.integers(0, 40), st.integers(1, 6)),
        from_text=st.booleans(),
    )
    def test_both_databases_find_what_the_model_finds(
        self, text: str, query: str, cut: tuple[int, int], from_text: bool
    ) -> None:
        owner = make_user()
        make_voice()
        make(owner, text)
        if from_text:
            query = text[cut[0] : cut[0] + cut[1]]
        words = fold(text).split()
        wanted = fold(query).split()
        expected = all(any(word.startswith(part) for word in words) for part in wanted)
        assert bool(found(owner, query)) == expected, [unicodedata.name(letter, "?") for letter in text + query]


def test_folding_is_stable():
    once = fold("Ærø İstanbul ﬁ 한국어 हिन्दी")
    assert fold(once) == once


def test_the_index_text_of_a_short_text_is_all_of_it():
    assert index_text("Town Hall", "Über.") == "town hall uber"
