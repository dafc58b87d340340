"""Object keys: ``{scope}/{year}/{month}/{uuid}.{extension}``.

Nothing that a person typed reaches a key but a file's extension, and that only from a fixed table.
"""

from __future__ import annotations

import re
import uuid

from django.utils import timezone

MAX_KEY_CHARACTERS = 255
# Two or more parts; no part starts with a dot, so neither "..", nor hidden files, nor an empty part can occur.
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,31}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127})+")
_EXTENSION = re.compile(r"[a-z0-9]{1,10}")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)?")
_SCOPE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def new_key(scope: str, extension: str) -> str:
    """A key that no object has.

    Args:
        scope: the first part of the key, such as ``audio``; says who may write there.
        extension: lower case, without its dot, such as ``mp3``.

    Raises:
        ValueError: the scope or the extension has another form.
    """
    if not _SCOPE.fullmatch(scope):
        raise ValueError(f"not a scope: {scope!r}")
    if not _EXTENSION.fullmatch(extension):
        raise ValueError(f"not an extension: {extension!r}")
    return f"{scope}/{timezone.now():%Y/%m}/{uuid.uuid4()}.{extension}"


def check_key(key: str) -> str:
    """The key itself, if it is one.

    Raises:
        ValueError: it could lead out of the storage, or is not of the form that a store accepts.
    """
    if len(key) > MAX_KEY_CHARACTERS or not _KEY.fullmatch(key):
        raise ValueError("not an object key")
    return key


def check_prefix(prefix: str) -> str:
    """The prefix itself, if keys can start with it; the empty one stands for all.

    Raises:
        ValueError: no key can.
    """
    if len(prefix) > MAX_KEY_CHARACTERS or not _PREFIX.fullmatch(prefix):
        raise ValueError("not the beginning of an object key")
    return prefix
