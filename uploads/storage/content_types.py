"""Which types of content MicDots stores, and the extensions that their keys have.

S3 keeps an object's type beside it. The local storage keeps plain files and nothing beside them, so there the type is
what the key's extension stands for. An extension that stands for several (``webm`` may or may not have a picture) is
told by the scope; whoever knows better, because a row says so, passes ``content_type`` when signing an address.
"""

from __future__ import annotations

import re

# The first extension is the one that a new key gets.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "audio/mpeg": ("mp3",),
    "audio/wav": ("wav",),
    "audio/mp4": ("m4a", "mp4"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/webm": ("webm", "weba"),
    "audio/flac": ("flac",),
    "text/vtt": ("vtt",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/svg+xml": ("svg",),
    "application/pdf": ("pdf",),
    "application/postscript": ("eps",),
    "application/json": ("json",),
    "application/zip": ("zip",),
    "text/plain": ("txt",),
    "text/csv": ("csv",),
    "video/mp4": ("mp4", "m4v"),
    "video/webm": ("webm",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/vnd.oasis.opendocument.presentation": ("odp",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.ms-powerpoint": ("ppt",),
}
# Other names that browsers and systems have for the same types.
_ALIASES = {
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/x-flac": "audio/flac",
    "image/jpg": "image/jpeg",
    "application/x-zip-compressed": "application/zip",
    "video/x-m4v": "video/mp4",
}
_MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
UNKNOWN = "application/octet-stream"


def read_type(text: str) -> str:
    """A MIME type as a client wrote it, without its parameters (``;codecs=opus``), under the name that we use.

    Raises:
        ValueError: it is no MIME type (RFC 6838, section 4.2).
    """
    content_type = text.partition(";")[0].strip().lower()
    if not _MIME_TYPE.fullmatch(content_type):
        raise ValueError("not a MIME type")
    return _ALIASES.get(content_type, content_type)


def types_of(extension: str) -> list[str]:
    """Every type that an extension (lower case, no dot) can stand for; empty for one that we do not store."""
    return [content_type for content_type, extensions in EXTENSIONS.items() if extension in extensions]


def type_of_key(key: str) -> str:
    """What an object under this key is served as when nothing else is said."""
    extension = key.rpartition(".")[2]
    candidates = types_of(extension)
    if not candidates:
        return UNKNOWN
    if not key.startswith("audio/"):
        # Outside the audio scope ``mp4`` and ``webm`` are what their name says first: video.
        candidates.sort(key=lambda content_type: not content_type.startswith("video/"))
    return candidates[0]


def check_type(key: str, content_type: str) -> None:
    """See to it that what an object is stored as is what its key says.

    Raises:
        ValueError: the key's extension does not stand for this type.
    """
    if content_type not in types_of(key.rpartition(".")[2]):
        raise ValueError(f"{content_type} does not belong under a key that ends like this")
