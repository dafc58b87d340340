"""``make bench``: measure every row on the embedded default, and on PostgreSQL where BENCH_DATABASE_URL names a server.

``QUICK=1`` measures less of everything. ``python -m benchmarks 3 6`` measures these rows only.
"""

import os
import sys
from pathlib import Path

from benchmarks import large_upload, listening_year, long_text, many_texts, scan_page, search, short_text, signing
from benchmarks.report import Result, save, table

ROWS = {
    row.ROW: row
    for row in (scan_page, long_text, short_text, many_texts, signing, search, listening_year, large_upload)
}
ON_POSTGRESQL_TOO = {1, 5, 6, 7}  # the others hardly touch the database
FOLDER = Path(os.environ.get("VAR_DIR", "var")) / "bench"


def main() -> int:
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    server_url = os.environ.get("BENCH_DATABASE_URL", "")
    wanted = [int(word) for word in sys.argv[1:]] or list(ROWS)
    results: list[Result] = []
    for row in wanted:
        for url in ["", server_url] if server_url and row in ON_POSTGRESQL_TOO else [""]:
            print(f"row {row} on {'PostgreSQL' if url else 'SQLite'} …", file=sys.stderr, flush=True)
            results += ROWS[row].run(url, quick=quick)
    print(table(results))
    print(f"\n{save(results, FOLDER, quick=quick)}")
    missed = [result for result in results if result.reached is False]
    if missed:
        print(f"{len(missed)} of {len(results)} did not reach what they must.")
    # Other programs on the machine can spoil a figure, so a miss is said but is no error.
    return 0


if __name__ == "__main__":
    sys.exit(main())
