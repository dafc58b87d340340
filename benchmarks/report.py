"""What a row found, the table on the terminal and the JSON for those who compare runs."""

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Result:
    row: int
    path: str  # what was measured
    database: str  # sqlite or postgresql
    ours: str  # with its unit
    floor: str
    ratio: float  # ours / floor
    bar: str  # what the ratio has to be, as in the table of docs/benchmarks.md
    reached: bool | None  # None: printed only
    details: dict[str, Any] = field(default_factory=dict)  # figures behind it, in the unit that their names end with


def table(results: Sequence[Result]) -> str:
    """Return the results as lines of a table, with each row's details below it."""
    verdicts = {True: "reached", False: "MISSED", None: "shown only"}
    head = ("row", "path", "database", "ours", "floor", "ratio", "must be", "")
    rows = [
        (
            str(result.row),
            result.path,
            result.database,
            result.ours,
            result.floor,
            f"{result.ratio:.2f}",
            result.bar,
            verdicts[result.reached],
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=True)).rstrip()]
    lines.append("  ".join("-" * width for width in widths))
    for result, row in zip(results, rows, strict=True):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        lines += [f"     {name}: {_shown(value)}" for name, value in result.details.items()]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def save(results: Sequence[Result], folder: Path, *, quick: bool) -> Path:
    """Write the results as JSON into a file named after the time, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / time.strftime("%Y-%m-%dT%H-%M-%SZ.json", time.gmtime())
    about = {
        "quick": quick,
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }
    path.write_text(json.dumps({"about": about, "results": [asdict(result) for result in results]}, indent=2) + "\n")
    return path
