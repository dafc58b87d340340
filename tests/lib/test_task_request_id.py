"""A task carries on the id of the request that queued it."""

from __future__ import annotations

import threading

from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from micdots.lib.request_id import RequestIdMiddleware, current_request_id

app = Celery("ids", broker="memory://", set_as_current=False)
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)
seen: list[str] = []
done = threading.Event()


@app.task
def look(last: bool) -> None:
    seen.append(current_request_id())
    if last:
        done.set()


def test_a_task_has_the_id_of_its_request_and_else_its_own() -> None:
    own = []

    def view(request: HttpRequest) -> HttpResponse:
        look.delay(False)
        return HttpResponse()

    with start_worker(app, perform_ping_check=False, pool="solo"):
        RequestIdMiddleware(view)(RequestFactory().get("/", headers={"X-Request-Id": "abc-1"}))
        own.append(look.delay(True).id)
        assert done.wait(20)

    assert seen == ["abc-1", *own]
    assert current_request_id() == "-"
