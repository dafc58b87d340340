"""Row 4: a hundred texts of 1,000 characters asked for at once, made by two workers, beside the pipe two at a time."""

import time

from benchmarks import pipe
from benchmarks.installation import Installation, installation, wait_until
from benchmarks.report import Result
from benchmarks.texts import text_of

ROW, BAR, CHARACTERS, AT_ONCE = 4, 1.3, 1000, 2


def run(server_url: str, *, quick: bool) -> list[Result]:
    pipe.require()
    texts = [text_of(CHARACTERS, f"many-{number}") for number in range(20 if quick else 100)]
    with installation(server_url) as site:
        site.start_micdots("web", "worker")
        site.sign_up()
        site.wait_for(site.speak(text_of(CHARACTERS, "first")))  # measures the voice's gain
        # Half of the floor before and half after, so that a machine that gets slower or faster is fair to both.
        half = len(texts) // 2
        floor = pipe.seconds_for_all(texts[:half], site.folder, AT_ONCE)
        begin = time.perf_counter()
        for text in texts:
            site.speak(text)
        wait_until(lambda: not _unfinished(site), 600, "all generations", every=0.25)
        ours = time.perf_counter() - begin
        floor += pipe.seconds_for_all(texts[half:], site.folder, AT_ONCE)
        if failed := site.call("GET", "/api/v1/generations?status=failed"):
            raise RuntimeError(f"{len(failed)} generations failed, the first with {failed[0]['error']}")
    return [
        Result(
            row=ROW,
            path=f"{len(texts)} generations of {CHARACTERS} characters, {AT_ONCE} workers",
            database=site.database,
            ours=f"{ours:.1f} s",
            floor=f"{floor:.1f} s",
            ratio=ours / floor,
            bar=f"<= {BAR}",
            reached=ours / floor <= BAR,
            details={"generations_per_second": len(texts) / ours},
        )
    ]


def _unfinished(site: Installation) -> bool:
    return any(site.call("GET", f"/api/v1/generations?limit=1&status={status}") for status in ("queued", "processing"))
