"""What stands in front of Django: the play page as Django drew it, given again until the dot changes.

A code on a wall of a stadium is asked for thousands of times within a minute, and everybody is to hear the same. So
``GET /d/<name>`` and ``/q/<code>`` are answered from memory where Django's own answer may be given once more; all else,
and everything that is out of the ordinary, goes to Django. Nothing is decided here that Django has not decided before:
an answer is kept under all of the request that it depends on, and only if the view says so.

Every process sees a change of the dot within a second: what is older than half of one is looked up again, by
:func:`plays.selectors.page_state`. Each answer counts as one that Django gives. See docs/adr/0014.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.utils.translation.trans_real import parse_accept_lang_header

from micdots.lib.client_address import is_behind_trusted_proxy
from micdots.lib.request_id import HEADER, log_access, new_request_id, running_as
from plays import selectors
from plays.complaints import complain
from plays.counting import is_scan
from plays.records import Heard
from plays.services import record_scan

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# In the environment of a request: that it may be kept, asked by the front; and how, answered by the view.
ASKED, KEEPABLE = "micdots.front", "micdots.front.keepable"

FRESH_SECONDS = 0.5  # so long an answer is given without a look at the database
STALE_SECONDS = 0.9  # so long while another thread is having that look
ENTRIES_AT_MOST, BYTES_AT_MOST = 10_000, 64 * 1024 * 1024  # of each process
_LANGUAGES_LENGTH = 500  # Django reads no further

_ADDRESS = re.compile(r"/([dDqQ])/([A-Za-z0-9-]{3,60})/?", re.ASCII)
_QUERY = re.compile(r"(?:language=[A-Za-z0-9-]{1,35})?", re.ASCII)
_ROUTES = {"d": "/d/<str:name>", "D": "/D/<str:name>", "q": "/q/<str:name>", "Q": "/Q/<str:name>"}

_OF_THE_BODY = {"Content-Type", "Content-Length", "Content-Language"}

_access = logging.getLogger("micdots.access")


@dataclass(frozen=True, slots=True)
class Keepable:
    """Said by the view: this answer is the same for everybody who asks for it in the same way."""

    heard: Heard
    state: tuple[Any, ...]  # as ``page_state`` gave it before the page was drawn
    until: float  # seconds since 1970: then the dot expires


class _Watched:
    """A dot whose answers are kept, as it was when they were drawn."""

    def __init__(self, dot_id: int, state: tuple[Any, ...], checked_at: float) -> None:
        self.dot_id = dot_id
        self.state = state
        self.checked_at = checked_at
        self.is_being_checked = False
        self.has_changed = False

    def is_unchanged(self) -> bool:
        """Whether the dot still is what it was less than a second ago. Raises a database error."""
        begun = time.monotonic()
        age = begun - self.checked_at
        if age <= (STALE_SECONDS if self.is_being_checked else FRESH_SECONDS):
            return not self.has_changed
        self.is_being_checked = True
        try:
            if selectors.page_state(self.dot_id) == self.state:
                self.checked_at = begun
            else:
                self.has_changed = True
        finally:
            self.is_being_checked = False
            if not connection.in_atomic_block:
                close_old_connections()  # outside of Django's requests nobody else does
        return not self.has_changed


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer of Django's."""

    watched: _Watched
    heard: Heard
    until: float
    headers: list[tuple[str, str]]
    body: bytes
    etag: str


class Front:
    """A WSGI application around Django's."""

    def __init__(self, django: Application) -> None:
        self._django = django
        self._pages: OrderedDict[tuple[Any, ...], _Page] = OrderedDict()
        self._watched: WeakValueDictionary[int, _Watched] = WeakValueDictionary()
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        key = _key_of(environ)
        if key is None:
            return self._django(environ, start_response)
        page = self._pages.get(key)
        if page is None or not self._holds(page):
            return self._ask_django(key, environ, start_response)
        with contextlib.suppress(KeyError):  # pushed out by another thread just now
            self._pages.move_to_end(key)
        return _give(page, environ, start_response)

    def _holds(self, page: _Page) -> bool:
        try:
            return time.time() < page.until and page.watched.is_unchanged()
        except Error:
            complain("A dot could not be looked up, so Django is asked")
            return False

    def _ask_django(self, key: tuple[Any, ...], environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ[ASKED] = True
        told: list[Any] = []

        def remember(*status_and_headers: Any) -> None:
            told[:] = status_and_headers

        answer = self._django(environ, remember)
        status, headers, *rest = told
        keepable: Keepable | None = environ.get(KEEPABLE)
        if keepable is not None and status == "200 OK" and not any(name == "Set-Cookie" for name, _value in headers):
            headers = [(name, value) for name, value in headers if name != HEADER]
            page = self._keep(key, keepable, headers, b"".join(answer))
            headers = [*page.headers, *((name, value) for name, value in told[1] if name == HEADER)]
        start_response(status, headers, *rest)
        return answer

    def _keep(self, key: tuple[Any, ...], keepable: Keepable, headers: list[tuple[str, str]], body: bytes) -> _Page:
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        with self._lock:
            watched = self._watched.get(keepable.heard.dot_id)
            if watched is None or watched.has_changed or watched.state != keepable.state:
                watched = _Watched(keepable.heard.dot_id, keepable.state, time.monotonic() - FRESH_SECONDS)
                self._watched[keepable.heard.dot_id] = watched
            page = _Page(watched, keepable.heard, keepable.until, [*headers, ("ETag", etag)], body, etag)
            replaced = self._pages.pop(key, None)
            self._bytes += len(body) - (len(replaced.body) if replaced else 0)
            self._pages[key] = page
            while self._bytes > BYTES_AT_MOST or len(self._pages) > ENTRIES_AT_MOST:
                _key, oldest = self._pages.popitem(last=False)
                self._bytes -= len(oldest.body)
        return page


def _key_of(environ: Environ) -> tuple[Any, ...] | None:
    """Everything that Django's answer depends on; None where that is more than can be told here."""
    if environ["REQUEST_METHOD"] != "GET":
        return None
    address = _ADDRESS.fullmatch(environ["PATH_INFO"])
    query = environ.get("QUERY_STRING", "")
    languages = environ.get("HTTP_ACCEPT_LANGUAGE", "")
    if (
        address is None
        or not _QUERY.fullmatch(query)
        or len(languages) > _LANGUAGES_LENGTH
        or settings.LANGUAGE_COOKIE_NAME in environ.get("HTTP_COOKIE", "")
        or environ.get("SCRIPT_NAME")
        or "HTTP_HOST" not in environ
    ):
        return None
    scheme = environ["wsgi.url_scheme"]
    if "HTTP_X_FORWARDED_PROTO" in environ and is_behind_trusted_proxy(environ):
        scheme = environ["HTTP_X_FORWARDED_PROTO"]
    # Of the languages only their order matters, so that browsers with other figures behind them share an answer.
    ordered = tuple([tag for tag, _quality in parse_accept_lang_header(languages)])
    return address[2].lower(), query, ordered, environ["HTTP_HOST"], scheme


def _give(page: _Page, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as Django would, and count it."""
    started = time.perf_counter()
    request_id = new_request_id(environ.get("HTTP_X_REQUEST_ID", ""))
    letter = environ["PATH_INFO"][1]
    is_known = page.etag in environ.get("HTTP_IF_NONE_MATCH", "")
    with running_as(request_id):
        if is_scan(environ):
            record_scan(environ, page.heard, is_printed=letter in "qQ")
        if _access.isEnabledFor(logging.INFO):
            log_access("GET", _ROUTES[letter], 304 if is_known else 200, started)
    if is_known:
        headers = [(name, value) for name, value in page.headers if name not in _OF_THE_BODY]
        start_response("304 Not Modified", [*headers, (HEADER, request_id)])
        return []
    start_response("200 OK", [*page.headers, (HEADER, request_id)])
    return [page.body]
