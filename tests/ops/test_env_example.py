"""`.env.example` is what operators configure from: it may neither lack a variable nor name one that nothing reads."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Loads the settings with an environment that writes down what it is asked for, which no reading of the source could
# tell as surely: some names are put together.
RECORDER = """
import json, os, sys
import environ

asked = set()
get_value = environ.Env.get_value

def remember(self, var, *args, **kwargs):
    asked.add(var)
    return get_value(self, var, *args, **kwargs)

environ.Env.get_value = remember
import micdots.settings.local
print(json.dumps(sorted(asked)))
"""


def names_asked_for(tmp_path: Path, **environment: str) -> set[str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
    result = subprocess.run(
        [sys.executable, "-c", RECORDER],
        cwd=ROOT,
        env=kept | {"VAR_DIR": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(result.stdout))


def explained_names() -> list[str]:
    return re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_every_variable_that_the_settings_read_is_explained(tmp_path):
    asked = names_asked_for(tmp_path / "embedded") | names_asked_for(
        tmp_path / "services", DATABASE_URL="postgres://nobody@127.0.0.1:1/none", REDIS_URL="redis://127.0.0.1:1/0"
    )

    assert sorted(asked - set(explained_names())) == []
    assert sorted(set(explained_names()) - asked) == []


def test_each_variable_is_explained_once_and_off_by_default():
    names = explained_names()
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert len(names) == len(set(names))
    assert [line for line in lines if line and not line.startswith("#")] == []
