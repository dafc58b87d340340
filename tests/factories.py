"""Rows for tests: plain functions with a default for everything."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts import ledger
from accounts.models import User
from generations import pipeline, renditions, services
from generations.codes import new_code
from generations.models import Dot, Generation, Voice
from micdots.lib.folding import fold
from uploads.models import File, Upload
from uploads.storage import new_key, store
from uploads.storage.content_types import EXTENSIONS

PASSWORD = "tall-grass-sings-42"

_numbers = itertools.count(1)


def make_user(
    *,
    email: str | None = None,
    name: str = "Somebody",
    password: str = PASSWORD,
    tokens: int = 0,
    verified: bool = True,
    **fields: Any,
) -> User:
    """An account with a confirmed address and ``tokens`` in its ledger."""
    user = User.objects.create_user(email or f"person{next(_numbers)}@example.org", password, name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    ledger.welcome(account=user, amount=tokens)
    return user


def make_staff(**fields: Any) -> User:
    """Somebody who may enter the back office; not an owner unless ``role`` and ``is_superuser`` say so."""
    return make_user(**{"name": "Staff", "is_staff": True, **fields})


def make_owner(**fields: Any) -> User:
    """An owner of the installation."""
    return make_user(**{"name": "Owner", "is_staff": True, "is_superuser": True, "role": User.Role.ADMIN, **fields})


def make_voice(*, key: str = "espeak:en-gb", label: str = "English (Great Britain)", **fields: Any) -> Voice:
    """A voice of the built-in engine, with a gain, so that no test has to measure one."""
    engine, name = key.split(":")
    values = {"engine": engine, "name": name, "label": label, "language": "en-GB", "gain_db": 4.0, **fields}
    return Voice.objects.get_or_create(key=key, defaults=values)[0]


def make_dot(*, owner: User, title: str = "A dot", code: str | None = None, **fields: Any) -> Dot:
    return Dot.objects.create(owner=owner, title=title, code=code or new_code(), **fields)


def make_generation(
    *,
    owner: User,
    text: str = "Hello there. This is a dot.",
    status: str = Generation.Status.QUEUED,
    dot: Dot | None = None,
    voice: Voice | None = None,
    **fields: Any,
) -> Generation:
    """A row that nobody was charged for. A ready one has no object behind it: see ``make_ready_generation``."""
    voice = voice or make_voice()
    dot = dot or make_dot(owner=owner, title=text[:120])
    values = {
        "title": text[:120],
        "language": voice.language,
        "characters": len(text),
        "tokens": len(text),
        "fingerprint": f"fingerprint {next(_numbers)}",
        "search_text": fold(text),
        **fields,
    }
    generation = Generation.objects.create(owner=owner, dot=dot, voice=voice, text=text, status=status, **values)
    if status == Generation.Status.READY:
        renditions.elect(dot, generation.language)
    return generation


def make_ready_generation(*, owner: User, text: str = "Hello there. This is a dot.", **wishes: Any) -> Generation:
    """A generation that was really spoken, stored and given a code."""
    make_voice()
    generation = services.request_generation(owner=owner, text=text, **wishes)
    pipeline.fulfil(generation.pk)
    generation.refresh_from_db()
    assert generation.status == Generation.Status.READY, generation.error_code
    return generation


def make_file(
    *,
    owner: User,
    file_name: str = "notes.txt",
    content_type: str = "text/plain",
    content: bytes | None = None,
    size: int = 5,
    duration_ms: int | None = None,
    **fields: Any,
) -> File:
    """A file of the library. Its object is there where ``content`` is given; else the row only says so."""
    size = len(content) if content is not None else size
    upload = Upload.objects.create(
        owner=owner,
        scope="files",
        key=new_key("files", EXTENSIONS[content_type][0]),
        file_name=file_name,
        content_type=content_type,
        max_bytes=100 * 1024**2,
        status=Upload.Status.COMPLETED,
        expires_at=timezone.now(),
        completed_at=timezone.now(),
        bytes=size,
        sha256=hashlib.sha256(content or b"").hexdigest(),
        duration_ms=duration_ms,
    )
    if content is not None:
        store().put(upload.key, content, content_type)
    values = {"search_name": fold(file_name), **fields}
    return File.objects.create(
        owner=owner, upload=upload, file_name=file_name, content_type=content_type, bytes=size, **values
    )
