"""Which module looks at which type. Nothing here imports Django: the child process reads it, too."""

from __future__ import annotations

FAMILIES: dict[str, str] = {
    "audio/mpeg": "sound",
    "audio/wav": "sound",
    "audio/mp4": "sound",
    "audio/ogg": "sound",
    "audio/webm": "sound",
    "audio/flac": "sound",
    "video/mp4": "sound",
    "video/webm": "sound",
    "image/png": "pictures",
    "image/jpeg": "pictures",
    "image/svg+xml": "svg",
    "application/pdf": "pdf",
    "application/zip": "archives",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "archives",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "archives",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "archives",
    "application/vnd.oasis.opendocument.text": "archives",
    "application/vnd.oasis.opendocument.spreadsheet": "archives",
    "application/vnd.oasis.opendocument.presentation": "archives",
    "application/msword": "compound",
    "application/vnd.ms-excel": "compound",
    "application/vnd.ms-powerpoint": "compound",
    "text/plain": "plain",
    "text/csv": "plain",
}
