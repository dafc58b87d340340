"""Mail in tests: ``with posting(): …`` commits what the block did, and the worker's task runs at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from django.core.mail import EmailMessage

from micdots.celery import app

Posting = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def posting(django_capture_on_commit_callbacks: Any) -> Iterator[Posting]:
    before = app.conf.task_always_eager
    app.conf.task_always_eager = True
    yield partial(django_capture_on_commit_callbacks, execute=True)
    app.conf.task_always_eager = before


def path_in(mail: EmailMessage, part: str) -> str:
    """The path of the link in a mail that holds ``part``; every link starts with ``SITE_URL``."""
    return next(path for path in re.findall(r"http://testserver(/\S*)", str(mail.body)) if part in path)
