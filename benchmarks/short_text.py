"""Row 3: 1,000 characters, from the API's 202 until the API says ready, QR code and storage included."""

import statistics
import time

from benchmarks import pipe
from benchmarks.installation import installation
from benchmarks.report import Result
from benchmarks.texts import text_of

ROW, EXTRA_SECONDS, CHARACTERS = 3, 0.4, 1000


def run(server_url: str, *, quick: bool) -> list[Result]:
    pipe.require()
    runs = 6 if quick else 20
    floor, ours = [], []
    with installation(server_url) as site:
        site.start_micdots("web", "worker")
        site.sign_up()
        site.wait_for(site.speak(text_of(CHARACTERS, "first")))  # measures the voice's gain
        for number in range(runs):
            text = text_of(CHARACTERS, f"short-{number}")
            floor.append(pipe.seconds(text, site.folder, "floor"))
            generation_id = site.speak(text)
            begin = time.perf_counter()
            site.wait_for(generation_id)
            ours.append(time.perf_counter() - begin)
    ours_median, floor_median = statistics.median(ours), statistics.median(floor)
    return [
        Result(
            row=ROW,
            path=f"{CHARACTERS} characters, 202 to ready, median of {runs}",
            database=site.database,
            ours=f"{ours_median:.3f} s",
            floor=f"{floor_median:.3f} s",
            ratio=ours_median / floor_median,
            bar=f"<= floor + {EXTRA_SECONDS} s",
            reached=ours_median <= floor_median + EXTRA_SECONDS,
            details={"extra_seconds": ours_median - floor_median, "slowest_seconds": max(ours)},
        )
    ]
