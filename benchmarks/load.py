"""Many requests at once on this machine: wrk where it is there, else a small client of our own."""

import http.client
import math
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass

CONNECTIONS = 16
# A phone's. A scan by a program that calls itself one would not count.
USER_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
)


@dataclass(frozen=True)
class Load:
    requests_per_second: float
    p99_ms: float
    requests: int
    client: str


def run(url: str, seconds: int) -> Load:
    """Ask for one address over 16 connections for some seconds. Raises RuntimeError when an answer is an error."""
    return _wrk(url, seconds) if shutil.which("wrk") else _threads(url, seconds)


def _wrk(url: str, seconds: int) -> Load:
    command = ["wrk", "--threads", "2", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--latency"]
    result = subprocess.run(
        [*command, "--header", f"User-Agent: {USER_AGENT}", url], stdout=subprocess.PIPE, text=True, check=True
    )
    text = result.stdout
    if "Socket errors" in text or "Non-2xx or 3xx" in text:
        raise RuntimeError(f"{url} was not answered well:\n{text}")
    rate = float(_found(r"Requests/sec:\s+([\d.]+)", text)[0])
    requests = int(_found(r"(\d+) requests in", text)[0])
    amount, unit = _found(r"99%\s+([\d.]+)(us|ms|s)", text)
    return Load(rate, float(amount) * {"us": 0.001, "ms": 1, "s": 1000}[unit], requests, "wrk")


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said something else:\n{text}")
    return match.groups()


def _threads(url: str, seconds: int) -> Load:
    host, _, path = url.removeprefix("http://").partition("/")
    times: list[float] = []
    errors: list[str] = []
    end = time.perf_counter() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection(host, timeout=10)
        try:
            while time.perf_counter() < end:
                begin = time.perf_counter()
                connection.request("GET", f"/{path}", headers={"User-Agent": USER_AGENT})
                response = connection.getresponse()
                response.read()
                times.append(time.perf_counter() - begin)
                if response.status >= http.HTTPStatus.BAD_REQUEST:
                    errors.append(f"status {response.status}")
                    return
        except (OSError, http.client.HTTPException) as error:
            errors.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors or not times:
        raise RuntimeError(f"{url} was not answered well: {errors[:3]}")
    slowest = sorted(times)[math.ceil(len(times) * 0.99) - 1]
    return Load(len(times) / seconds, slowest * 1000, len(times), "threads")
