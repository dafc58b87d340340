"""Text as the full-text index sees it: case, accents and punctuation do not matter."""

from __future__ import annotations

import unicodedata

# PostgreSQL refuses lexemes from 2,047 bytes on; nobody types such a word to find it.
LONGEST_WORD = 100


def fold(text: str) -> str:
    """Return the words of a text in lower case and without accents, one space apart, each at most 100 characters.

    Folding happens here and not in the database, so that SQLite and PostgreSQL find the same rows.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    # Marks go, accents and the vowel signs of Indic scripts alike: kept as gaps, they would cut words into pieces.
    kept = (
        character if character.isalnum() else "" if unicodedata.category(character).startswith("M") else " "
        for character in decomposed
    )
    return " ".join(word[:LONGEST_WORD] for word in "".join(kept).split())
