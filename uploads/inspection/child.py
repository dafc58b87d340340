"""The process that looks into one file of strangers, on stdin: ``python -m uploads.inspection.child <type> <parent>``.

It answers on stdout with one line of JSON: ``{"duration_ms": …}`` or ``{"wrong": code}``. No answer: its limits or the
file ended it.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import sys
from typing import BinaryIO, cast

from uploads.inspection.families import FAMILIES
from uploads.inspection.findings import Wrong
from uploads.inspection.strangers import refuse_second_type

_MEMORY = 1 << 30  # of address space; the libraries alone map a third of it
_WORKING_SECONDS = 60


def limit_myself(parent: int, working_seconds: int = _WORKING_SECONDS) -> None:
    """Little memory, little time, no writing, and no life after the parent's."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (working_seconds, working_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
        if os.getppid() != parent:  # it ended before we asked
            sys.exit(1)


def look(file: BinaryIO, content_type: str) -> dict[str, object]:
    """The answer about one file; see above."""
    file.seek(0)
    family = importlib.import_module(f"uploads.inspection.{FAMILIES[content_type]}")
    try:
        found = family.look(file, content_type)
        refuse_second_type(file, content_type)
    except Wrong as wrong:
        return {"wrong": wrong.code}
    except MemoryError:
        return {"wrong": "broken"}
    return {"duration_ms": found.duration_ms}


def main() -> None:
    limit_myself(int(sys.argv[2]))
    file = cast(BinaryIO, os.fdopen(0, "rb", closefd=False))
    print(json.dumps(look(file, sys.argv[1])), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
