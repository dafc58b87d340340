"""Row 6: the newest 20 of 100,000 generations in which a word occurs, beside LIKE over the same rows.

On PostgreSQL the two are compared as statements, on SQLite the whole call has to keep to its time.

Runs itself once more as a program of an installation, where Django is set up for it.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.installation import installation
from benchmarks.report import Result
from benchmarks.texts import text_of

ROW, ROWS, FASTER, SQLITE_MS = 6, 100_000, 100, 5.0
RARE, ABSENT = "kingfisher", "cormorant"


def run(server_url: str, *, quick: bool) -> list[Result]:
    rows = ROWS // 5 if quick else ROWS
    with installation(server_url) as site:
        found = json.loads(site.python("-m", "benchmarks.search", str(rows)))
    return [_result(site.database, rows, word, times) for word, times in found.items()]


def _result(database: str, rows: int, word: str, times: dict[str, float]) -> Result:
    ours, floor = times["ours_ms"], times["floor_ms"]
    whole = {"with_the_query_built_by_django_ms": ours}
    if database == "postgresql":
        # Django takes two milliseconds to write either query, and some hundredths of that are left for the search.
        ours, floor = times["ours_database_ms"], times["floor_database_ms"]
        # LIKE takes as long as there are rows, so fewer rows decide nothing.
        bar, reached = f">= {FASTER} x faster", floor / ours >= FASTER if rows == ROWS else None
    else:
        bar, reached = f"<= {SQLITE_MS:g} ms", ours <= SQLITE_MS
    return Result(
        row=ROW,
        path=f"{word} word in {rows} generations, newest 20",
        database=database,
        ours=f"{ours:.2f} ms",
        floor=f"{floor:.1f} ms",
        ratio=ours / floor,
        bar=bar,
        reached=reached,
        details={"times_faster": floor / ours, "found": times["found"], **whole},
    )


def _measure(rows: int) -> dict[str, dict[str, float]]:
    import django

    django.setup()
    from django.db.models import Q

    from accounts.models import User
    from generations.models import Generation
    from generations.selectors import generations_for

    owner = User.objects.create(email="bench@micdots.example")
    _make_rows(owner, rows)
    found: dict[str, dict[str, float]] = {}
    for name, word in (("rare", RARE), ("absent", ABSENT)):
        newest = ("-created_at", "-pk")
        ours = generations_for(owner, query=word).order_by(*newest)[:20]
        like = Generation.objects.filter(Q(title__icontains=word) | Q(text__icontains=word), owner=owner)
        floor = like.without_bulk().select_related("dot", "voice").defer("dot__search_text").order_by(*newest)[:20]
        ids = [row.pk for row in ours]
        if ids != [row.pk for row in floor]:
            raise RuntimeError(f"search and LIKE do not find the same rows for {word}")
        found[name] = {
            "ours_ms": _median_ms(lambda rows=ours: list(rows.all()), 30),
            "floor_ms": _median_ms(lambda rows=floor: list(rows.all()), 3),
            "ours_database_ms": _median_ms(_statement(ours), 30),
            "floor_database_ms": _median_ms(_statement(floor), 3),
            "found": len(ids),
        }
    return found


def _statement(rows: Any) -> Callable[[], object]:
    """The same query, already built: what is left is what the database does, and the way there and back."""
    from django.db import connection

    sql, parameters = rows.query.sql_with_params()

    def ask() -> object:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    return ask


def _make_rows(owner: Any, rows: int) -> None:
    """Fill the table as services would, a row in ten thousand with the rare word."""
    from django.db import connection

    from generations.models import Dot, Generation
    from generations.search import index_text

    dot = Dot.objects.create(owner=owner, code="ABC234", title="Bench")
    for start in range(0, rows, 2000):
        batch = []
        for number in range(start, min(start + 2000, rows)):
            text = text_of(200, f"search-{number}") + (f" A {RARE}." if number % 10_000 == 5000 else "")
            title = f"Text {number}"
            batch.append(
                Generation(
                    owner=owner,
                    dot=dot,
                    title=title,
                    text=text,
                    language="en-GB",
                    characters=len(text),
                    tokens=len(text),
                    fingerprint="",
                    status=Generation.Status.READY,
                    search_text=index_text(title, text),
                )
            )
        Generation.objects.bulk_create(batch)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what autovacuum and SQLite's optimize do in time


def _median_ms(call: Callable[[], object], times: int) -> float:
    call()
    measured = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        measured.append((time.perf_counter() - begin) * 1000)
    return statistics.median(measured)


if __name__ == "__main__":
    json.dump(_measure(int(sys.argv[1])), sys.stdout)
