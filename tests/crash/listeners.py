"""A crowd of listeners: scans and plays from many connections, with a record of what was answered and what was not."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence

AGENT = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"

# Of an audio of 3.375 seconds.
TOLD = {
    "play": {"position": 0, "heard": 0},
    "progress": {"position": 1.7, "heard": 1.7},
    "complete": {"position": 3.3, "heard": 1.6},
}


class Crowd:
    """Threads that scan, and play to the end, at random until they are told to stop."""

    def __init__(self, port: int, codes: Sequence[str], connections: int = 12) -> None:
        self.port = port
        self.codes = codes
        self.answered: Counter[tuple[str, str]] = Counter()  # (code, "scan" or an event's kind)
        self.unknown: Counter[tuple[str, str]] = Counter()  # sent, and the connection broke before an answer
        self.refused: Counter[int] = Counter()  # answered with a status that it should not have
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._listen, args=(number,)) for number in range(connections)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _listen(self, number: int) -> None:
        chance = random.Random(number)
        connection: http.client.HTTPConnection | None = None
        left: list[str] = []
        code = visit = ""
        while not self._ending.is_set():
            if not left:
                # Whoever plays tells the three things of a visit one after the other, whatever becomes of each.
                visit = uuid.uuid4().hex
                left = ["scan"] if chance.random() < 0.8 else ["play", "progress", "complete"]
                code = chance.choice(self.codes)
            kind = left[0]
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                    connection.connect()
            except OSError:  # nobody listens: nothing was sent
                connection = None
                time.sleep(0.05)
                continue
            try:
                if kind == "scan":
                    address = f"/{chance.choice('qQ')}/{code}" if chance.random() < 0.5 else f"/d/{code.lower()}"
                    connection.request("GET", address, headers={"User-Agent": AGENT})
                else:
                    told = {"visit": visit, "event": kind, **TOLD[kind]}
                    connection.request("POST", f"/d/{code}/events", json.dumps(told), {"User-Agent": AGENT})
                response = connection.getresponse()
                response.read()
                left.pop(0)
            except (OSError, http.client.HTTPException):
                connection.close()
                connection = None
                left.pop(0)
                with self._lock:
                    self.unknown[code, kind] += 1
                continue
            with self._lock:
                if response.status == (200 if kind == "scan" else 204):
                    self.answered[code, kind] += 1
                else:
                    self.refused[response.status] += 1
        if connection is not None:
            connection.close()
