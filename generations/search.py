"""Full-text search: PostgreSQL's GIN index or SQLite's FTS5, as migration 0002 made them; the same rows either way."""

from __future__ import annotations

from typing import TypeVar

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection, connections, models
from django.db.models.expressions import RawSQL

from generations.models import Dot, Generation
from micdots.lib.folding import fold

Row = TypeVar("Row", bound=models.Model)

WORDS_AT_MOST = 20  # a longer query is searched for its first words
# PostgreSQL's tsvector ends at 1 MiB, and refuses the whole row beyond it. Short words take up to 2.5 times their bytes
# in it. A text of 100,000 characters has 400,000 bytes at most.
MOST_BYTES = 400_000

# RawSQL adds the parentheses. Two pairs would make the list of rows one value: the first row only.
_SQLITE: dict[type[models.Model], str] = {
    Generation: "SELECT rowid FROM generations_generation_search WHERE generations_generation_search MATCH %s",
    Dot: "SELECT rowid FROM generations_dot_search WHERE generations_dot_search MATCH %s",
}


def index_text(*parts: str) -> str:
    """What the index holds of a row: the words of these texts, folded, as far as there is room for them."""
    folded = fold("\n".join(parts))
    if len(folded) * 4 <= MOST_BYTES:
        return folded
    kept = folded.encode()[:MOST_BYTES].decode(errors="ignore")
    return folded if len(kept) == len(folded) else kept.rpartition(" ")[0]


def search(rows: models.QuerySet[Row], query: str) -> models.QuerySet[Row]:
    """The rows in whose ``search_text`` every word of the query begins a word.

    A query without letters or digits finds everything, as an empty one does.
    """
    words = fold(query[:500]).split()[:WORDS_AT_MOST]
    if not words:
        return rows
    # The words are letters and digits only: nothing in them can be an operator of the query languages.
    if connections[rows.db].vendor == "postgresql":
        # Left to the planner: a rare word is looked up in the index, a common one is met soon in the list's own order.
        wanted = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
        return rows.alias(words=SearchVector("search_text", config="simple")).filter(words=wanted)  # type: ignore[return-value] # lost by alias()
    found = RawSQL(_SQLITE[rows.model], [" AND ".join(f'"{word}" *' for word in words)])  # noqa: S611 - fixed text
    return rows.filter(pk__in=found)


def refresh_statistics() -> None:
    """Tell SQLite's planner how large the tables are; PostgreSQL finds out by itself.

    Without figures it takes an account's list for short and walks all of it instead of asking the index first: 27 ms
    and not 0.1 for a rare word among 100,000 rows. Looks at a few hundred rows of each index, so it is done at once.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA analysis_limit = 400")
        for model in _SQLITE:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
