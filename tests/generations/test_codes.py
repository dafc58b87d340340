"""Codes that we give out, slugs that people choose."""

import pytest

from generations.codes import ALPHABET, new_code, normalise_code, validate_slug
from micdots.lib.errors import ValidationFailed


@pytest.mark.parametrize("length", [6, 7, 8])
def test_a_code_has_the_length_asked_for_and_only_clear_characters(length):
    for _count in range(200):
        code = new_code(length)
        assert len(code) == length
        assert set(code) <= set(ALPHABET)


def test_the_alphabet_has_no_vowels_and_nothing_that_is_taken_for_another():
    assert not set("AEIOUY") & set(ALPHABET)
    for group in ("0O", "1IL", "2Z", "5S", "8B", "6G", "UV", "4A"):
        assert len(set(group) & set(ALPHABET)) <= 1
    assert "".join(sorted(set(ALPHABET))) == ALPHABET
    assert set("7KX3M9") <= set(ALPHABET)


def test_every_character_comes_up_and_codes_do_not_repeat():
    drawn = [new_code(8) for _count in range(2_000)]

    assert len(set(drawn)) == len(drawn)
    assert set("".join(drawn)) == set(ALPHABET)


@pytest.mark.parametrize("length", [0, 5, 9])
def test_other_lengths_are_refused(length):
    with pytest.raises(ValueError, match="6 to 8"):
        new_code(length)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("7KX3M9", "7KX3M9"),
        ("7kx3m9", "7KX3M9"),
        (" 7kX3m9W2 ", "7KX3M9W2"),
        ("7KX3M", None),
        ("7KX3M9W2R", None),
        ("7KX3M0", None),
        ("museum", None),
        ("7KX-3M9", None),
        ("", None),
        ("7KX3M9\x00", None),
        ("ⅦKX3M9", None),
    ],
)
def test_a_code_is_known_in_any_letter_case(typed, code):
    assert normalise_code(typed) == code


@pytest.mark.parametrize("slug", ["abc", "hall-3", "the-night-watch", "2026", "a" * 60, "kiosk1"])
def test_a_slug_of_letters_digits_and_hyphens_is_taken(slug):
    assert validate_slug(slug) == slug


@pytest.mark.parametrize(
    ("slug", "hint"),
    [
        ("", "3 to 60"),
        ("ab", "3 to 60"),
        ("a" * 61, "3 to 60"),
        ("Hall", "lower-case"),
        ("hall 3", "lower-case"),
        ("-hall", "lower-case"),
        ("hall-", "lower-case"),
        ("hall--3", "lower-case"),
        ("grüße", "lower-case"),
        ("hall\n", "lower-case"),
        ("hall/3", "lower-case"),
        ("hall\x00", "lower-case"),
        ("admin", "kept for the site"),
        ("api", "kept for the site"),
        ("7kx3m9", "short codes"),
        ("xmtrpk", "short codes"),
        ("77777777", "short codes"),
    ],
)
def test_other_slugs_are_refused_with_a_word_on_what_to_change(slug, hint):
    with pytest.raises(ValidationFailed) as caught:
        validate_slug(slug)

    (message,) = caught.value.details["slug"]
    assert hint in message


def test_no_code_can_be_a_slug():
    for _count in range(200):
        with pytest.raises(ValidationFailed):
            validate_slug(new_code().lower())
