"""Uploads for tests: asked for through the services, put into whatever store is configured."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from tests.uploads import samples
from uploads import services
from uploads.models import File, Upload
from uploads.storage import store


def signed_upload(owner: User, **wishes: Any) -> Upload:
    """An upload whose object has not been put yet."""
    values = {"scope": "audio", "file_name": "tone.mp3", "content_type": "audio/mpeg", **wishes}
    return services.request_upload(owner=owner, **values).upload


def put_upload(owner: User, content: bytes | None = None, **wishes: Any) -> Upload:
    """An upload whose object is there and not looked at."""
    upload = signed_upload(owner, **wishes)
    store().put(upload.key, samples.mp3() if content is None else content, upload.content_type)
    return upload


def completed_upload(owner: User, content: bytes | None = None, **wishes: Any) -> Upload:
    return services.complete_upload(upload=put_upload(owner, content, **wishes))


def file_of(owner: User, content: bytes | None = None, **wishes: Any) -> File:
    return File.objects.get(upload=completed_upload(owner, content, **wishes))
