"""Objects behind one door: ``store()`` is the local folder or S3, by settings; callers cannot tell which."""

from uploads.exceptions import InvalidParts, ObjectNotFound, StorageError
from uploads.storage.base import CHUNK_BYTES, ObjectInfo, ObjectStore, ObjectStream, PresignedPut, SignedUrl, StoredPart
from uploads.storage.keys import check_key, new_key
from uploads.storage.registry import store

__all__ = [
    "CHUNK_BYTES",
    "InvalidParts",
    "ObjectInfo",
    "ObjectNotFound",
    "ObjectStore",
    "ObjectStream",
    "PresignedPut",
    "SignedUrl",
    "StorageError",
    "StoredPart",
    "check_key",
    "new_key",
    "store",
]
