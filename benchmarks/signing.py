"""Row 5: a pre-signed URL through the API, in processor time of the web server, with S3 as the storage.

Signing asks nobody, so there is no S3 server: bucket and credentials are made up.
"""

import http.client
import json
import statistics
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.installation import Installation, answers, free_port, installation, wait_until
from benchmarks.processes import cpu_seconds
from benchmarks.report import Result

ROW, BAR = 5, 1.5
ROUNDS = 15  # short ones, by turns: a neighbour on the machine slows down both
S3 = {
    "S3_BUCKET": "bench",
    "S3_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a-made-up-secret",
}
# Counted as in production, and so high that nobody is refused.
LIMITS = {"RATE_LIMITS": "on", "RATE_LIMIT_API": "1000000/s", "RATE_LIMIT_UPLOADS": "1000000/s"}
QUERY = urlencode({"fileName": "sound.mp3", "contentType": "audio/mpeg", "fileSize": 1_000_000})


@dataclass(frozen=True)
class Server:
    pid: int
    port: int
    path: str
    token: str

    def cpu_ms_a_call(self, calls: int) -> float:
        """Ask over one connection, one after the other. Raises RuntimeError when an answer has no address."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}"}
        before = cpu_seconds(self.pid)
        for _count in range(calls):
            connection.request("GET", f"{self.path}?{QUERY}", headers=headers)
            answer = json.loads(connection.getresponse().read())
            if "X-Amz-Signature" not in answer.get("data", answer).get("presignedUrl", ""):
                raise RuntimeError(f"{self.path}: {answer}")
        connection.close()
        return (cpu_seconds(self.pid) - before) / calls * 1000


def run(server_url: str, *, quick: bool) -> list[Result]:
    calls = 100 if quick else 400
    with installation(server_url) as site:
        site.environment |= S3 | LIMITS
        ours, floor = _start_ours(site), _start_floor(site)
        for server in (ours, floor):
            server.cpu_ms_a_call(100)  # what is made once: connections, clients, caches
        pairs = [(ours.cpu_ms_a_call(calls), floor.cpu_ms_a_call(calls)) for _count in range(ROUNDS)]
        site.stop()
    ours_ms, floor_ms = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(each / beside for each, beside in pairs)
    return [
        Result(
            row=ROW,
            path=f"pre-signed URL through the API, {calls} calls, median of {ROUNDS}",
            database=site.database,
            ours=f"{ours_ms:.2f} ms CPU",
            floor=f"{floor_ms:.2f} ms CPU",
            ratio=ratio,
            bar=f"<= {BAR:g}",
            reached=ratio <= BAR,
            details={"ratios": ", ".join(f"{each / beside:.2f}" for each, beside in pairs)},
        )
    ]


def _start_ours(site: Installation) -> Server:
    pid = site.start_micdots("web")
    site.sign_up()
    return Server(pid, site.port, "/api/v1/audio/uploads/presigned-url", site.token)


def _start_floor(site: Installation) -> Server:
    token = site.python("-m", "benchmarks.floor_signing").strip()
    port = free_port()
    pid = site.start(
        *("granian", "--interface", "wsgi", "--port", str(port), "--log-level", "warning"),
        *("--workers", site.environment["WEB_WORKERS"], "--blocking-threads", site.environment["WEB_THREADS"]),
        "benchmarks.floor_signing:application",
    )
    # Without a token it answers 401, so it is asked with one.
    ask = Server(pid, port, "/presigned-url", token)
    wait_until(lambda: answers(port, f"/presigned-url?{QUERY}", token), 30, "an answer from the floor")
    return ask
