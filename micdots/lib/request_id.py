"""One id for everything that a request causes: in its answer, in every log line, and in the tasks that it queues."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject

logger = logging.getLogger("micdots.access")

HEADER = "X-Request-Id"
NONE = "-"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_current: ContextVar[str] = ContextVar("request_id", default=NONE)


def current_request_id() -> str:
    """The id of the request or task that is running, ``-`` outside of both."""
    return _current.get()


def new_request_id(sent: str) -> str:
    """The id of a request that comes in: its own, ``sent``, where it has one that can stand in a log."""
    # Not secret: no need to ask the kernel for each.
    return sent if sent and _ACCEPTED.fullmatch(sent) else f"{random.getrandbits(128):032x}"


@contextmanager
def running_as(request_id: str) -> Iterator[None]:
    """Let every log line and task of the block have this id."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def log_access(method: str | None, route: str, status: int, started: float, account: str = NONE) -> None:
    """One access line.

    Args:
        started: when the answering began, on ``time.perf_counter``.
    """
    milliseconds = (time.perf_counter() - started) * 1000
    logger.info("%s %s %d %.0f ms account=%s", method, route, status, milliseconds, account)


class RequestIdFilter(logging.Filter):
    """Gives every log record ``request_id``."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get()
        return True


class RequestIdMiddleware:
    """Outermost: names the request, answers ``X-Request-Id`` and writes one access line.

    The line has method, route, status, milliseconds and account id. It never has the query string, which may hold a
    signature, and for known addresses only their pattern.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = new_request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        started = time.perf_counter()
        with running_as(request_id):
            response = self.get_response(request)
            response[HEADER] = request_id
            # Django would log an error once more, after the id is gone.
            response._has_been_logged = True  # type: ignore[attr-defined]
            log_access(request.method, _route(request), response.status_code, started, _account(request))
            return response


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"/{match.route}" if match is not None else quote(request.path[:200])


def _account(request: HttpRequest) -> str:
    """The account's key, where something has looked it up already: asking would load the session of every visitor."""
    user = request.__dict__.get("user")
    if isinstance(user, LazyObject):
        user = request.__dict__.get("_cached_user")
    return str(getattr(user, "pk", None) or NONE)


@before_task_publish.connect(weak=False)
def _send_along(headers: dict[str, Any] | None = None, **_kwargs: Any) -> None:
    if headers is not None and _current.get() != NONE:
        headers["request_id"] = _current.get()


@task_prerun.connect(weak=False)
def _take_over(task_id: str, task: Any, **_kwargs: Any) -> None:
    _current.set(getattr(task.request, "request_id", None) or task_id)


@task_postrun.connect(weak=False)
def _let_go(**_kwargs: Any) -> None:
    _current.set(NONE)
