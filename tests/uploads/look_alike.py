"""A server between boto3 and the S3 server of the tests that lacks some of S3's calls, as compatible servers do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import requests


class _Handler(BaseHTTPRequestHandler):
    server: LookAlike

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        for word, (status, code) in self.server.answers.items():
            if word in asked:
                self.answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode(), {})
                return
        if self.command == "PUT" and asked.keys() & self.server.forgets:
            self.answer(200, b"", {})
            return
        passed = requests.request(
            self.command,
            f"{self.server.behind}{self.path}",
            data=body,
            headers={name: value for name, value in self.headers.items() if name.lower() != "content-length"},
            timeout=10,
        )
        self.answer(passed.status_code, passed.content, dict(passed.headers))

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = pass_on

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


class LookAlike(ThreadingHTTPServer):
    """Its ``answers`` are what it says to requests with these words in the query; the rest is passed on."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.answers: dict[str, tuple[int, str]] = {}  # query word: status and S3's code
        self.forgets: set[str] = set()  # query words whose PUT is answered with 200 and does nothing
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def look_alike(behind: str) -> Iterator[LookAlike]:
    with LookAlike(behind) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
