"""Row 2: 5,000 characters to an MP3, everything that the pipeline does with them, beside the pipe of two programs.

Runs itself once more as a program of an installation, where Django is set up for it.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import pipe
from benchmarks.installation import installation
from benchmarks.report import Result
from benchmarks.texts import text_of

ROW, BAR, CHARACTERS = 2, 0.8, 5000


def run(server_url: str, *, quick: bool) -> list[Result]:
    pipe.require()
    with installation(server_url) as site:
        found = json.loads(site.python("-m", "benchmarks.long_text", "5" if quick else "15"))
    ratio = found["ours"] / found["floor"]
    return [
        Result(
            row=ROW,
            path=f"{CHARACTERS} characters to MP3, median of {found['runs']}",
            database=site.database,
            ours=f"{found['ours']:.3f} s",
            floor=f"{found['floor']:.3f} s",
            ratio=ratio,
            bar=f"<= {BAR}",
            reached=ratio <= BAR,
            details={f"{stage}_seconds": seconds for stage, seconds in found["stages"].items()}
            | {"audio_seconds": found["audio_seconds"]},
        )
    ]


class _Stopwatch:
    """Times of the pipeline's stages, taken by putting a clock around the functions that it calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[stage] = self.seconds.get(stage, 0) + time.perf_counter() - begin

        return timed


def _measure(runs: int) -> dict[str, Any]:
    import django

    django.setup()
    from accounts.models import User
    from generations import lifecycle, pipeline
    from generations.models import Generation
    from generations.services import request_generation

    owner = User.objects.create(email="bench@micdots.example")
    _give_tokens(owner, CHARACTERS * (runs + 1))
    watch = _Stopwatch()
    pipeline.make_voice = watch.around("speaking_and_encoding", pipeline.make_voice)
    pipeline.draw_qr = watch.around("printed_code", pipeline.draw_qr)
    lifecycle.finish = watch.around("last_transaction", lifecycle.finish)
    floor, ours, stages, audio = [], [], [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs + 1):
            text = text_of(CHARACTERS, f"long-{number}")
            pipe_seconds = pipe.seconds(text, Path(folder), "floor")
            generation = request_generation(owner=owner, text=text, voice_key="espeak:en-gb")
            watch.seconds.clear()
            begin = time.perf_counter()
            pipeline.fulfil(generation.pk)
            total = time.perf_counter() - begin
            generation.refresh_from_db()
            if generation.status != Generation.Status.READY:
                raise RuntimeError(f"the generation is {generation.status}: {generation.error_code}")
            if number == 0:
                continue  # the first measures the voice's gain and fills the caches of the disk
            floor.append(pipe_seconds)
            ours.append(total)
            stages.append(dict(watch.seconds))
            audio = (generation.duration_ms or 0) / 1000
    return {
        "runs": runs,
        "floor": statistics.median(floor),
        "ours": statistics.median(ours),
        "stages": {stage: statistics.median(each[stage] for each in stages) for stage in stages[0]},
        "audio_seconds": audio,
    }


def _give_tokens(owner: Any, amount: int) -> None:
    from django.db import transaction

    from accounts import ledger

    with transaction.atomic():
        ledger.welcome(account=owner, amount=amount)


if __name__ == "__main__":
    json.dump(_measure(int(sys.argv[1])), sys.stdout)
