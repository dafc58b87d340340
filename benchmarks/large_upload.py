"""Row 8: one large object put into the local storage through the web server, beside dd writing the same bytes.

Both read the bytes from a file that is in memory by then, and both wait until the disk has them.
"""

import http.client
import socket
import statistics
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.installation import Installation, installation
from benchmarks.processes import forget_peaks, peak_bytes, resident_bytes
from benchmarks.report import Result

ROW, SPEED, PEAK_MIB = 8, 0.3, 30
MIB = 1024**2


def run(server_url: str, *, quick: bool) -> list[Result]:
    size, rounds = (128 * MIB, 3) if quick else (1024 * MIB, 5)
    with installation(server_url) as site:
        site.environment["UPLOAD_MAX_BYTES"] = str(2 * 1024 * MIB)
        site.environment["STORAGE_QUOTA_BYTES"] = str(100 * 1024 * MIB)
        pid = site.start_micdots("web")
        site.sign_up()
        small, source = site.folder / "small", site.folder / "source"
        _make(small, MIB)
        for _count in range(
            10
        ):  # so that each process has made what it makes once, and nothing that a large object needs
            _put(site, small, MIB)
        _make(source, size)
        _dd(source, site.folder / "copy")  # so that the source is in memory
        idle = resident_bytes(pid)
        forget_peaks(pid)
        floor, ours = [], []
        for _count in range(rounds):
            floor.append(_dd(source, site.folder / "copy"))
            ours.append(_put(site, source, size))
        # Each process's own peak, whether or not they were at the same time: more than there ever was.
        peak = sum(most - idle.get(each, 0) for each, most in peak_bytes(pid).items())
    speeds = [beside / each for each, beside in zip(ours, floor, strict=True)]
    ours_s, floor_s, ratio = statistics.median(ours), statistics.median(floor), statistics.median(speeds)
    details = {"peak_above_idle_mib": peak / MIB, "ratios": ", ".join(f"{speed:.2f}" for speed in speeds)}
    return [
        Result(
            row=ROW,
            path=f"PUT of {size // MIB} MiB to the local storage, speed, median of {rounds}",
            database=site.database,
            ours=f"{size / MIB / ours_s:.0f} MiB/s",
            floor=f"{size / MIB / floor_s:.0f} MiB/s",
            ratio=ratio,
            bar=f">= {SPEED:g}, peak <= {PEAK_MIB} MiB above idle",
            reached=ratio >= SPEED and peak <= PEAK_MIB * MIB,
            details=details,
        )
    ]


def _make(path: Path, size: int) -> None:
    with open("/dev/urandom", "rb") as noise, path.open("wb") as file:
        for _count in range(size // MIB):
            file.write(noise.read(MIB))


def _dd(source: Path, target: Path) -> float:
    begin = time.perf_counter()
    command = ["dd", f"if={source}", f"of={target}", "bs=1M", "conv=fsync"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    target.unlink()
    return seconds


def _put(site: Installation, source: Path, size: int) -> float:
    """Put the file to an address of its own and delete the object; returns the seconds that the PUT took."""
    query = urlencode({"fileName": "large.zip", "contentType": "application/zip", "fileSize": size})
    signed = site.call("GET", f"/api/v1/files/uploads/presigned-url?{query}")
    parts = urlsplit(signed["presignedUrl"])
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=600)
    with source.open("rb") as file:
        begin = time.perf_counter()
        connection.putrequest("PUT", f"{parts.path}?{parts.query}")
        for name, value in ({"Content-Length": str(size)} | signed["requiredHeaders"]).items():
            connection.putheader(name, value)
        connection.endheaders()
        assert isinstance(connection.sock, socket.socket)
        connection.sock.sendfile(file)  # the kernel copies: the client takes next to no processor time
        response = connection.getresponse()
        answer = response.read()
        seconds = time.perf_counter() - begin
    connection.close()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"the PUT was answered with {response.status}: {answer[:300]!r}")
    (site.folder / "var" / "media" / signed["fileKey"]).unlink()
    return seconds
