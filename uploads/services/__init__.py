"""What a person or a program can do with uploads, files and objects. Services alone write."""

from uploads.services.completing import abort_upload, complete_upload
from uploads.services.erasing import erase_account
from uploads.services.events import refusals_recorded
from uploads.services.files import (
    delete_file,
    purge_file,
    rename_file,
    restore_file,
    share_file,
    store_form_file,
    unshare_file,
)
from uploads.services.objects import delete_doomed_objects, delete_objects_later, remove_unfinished_objects
from uploads.services.patterns import flag_unusual_uploads
from uploads.services.signing import (
    SignedMultipart,
    SignedPart,
    SignedUpload,
    request_upload,
    sign_parts,
    start_multipart,
)
from uploads.services.sweeping import sweep_uploads

__all__ = [
    "SignedMultipart",
    "SignedPart",
    "SignedUpload",
    "abort_upload",
    "complete_upload",
    "delete_doomed_objects",
    "delete_file",
    "delete_objects_later",
    "erase_account",
    "flag_unusual_uploads",
    "purge_file",
    "refusals_recorded",
    "remove_unfinished_objects",
    "rename_file",
    "request_upload",
    "restore_file",
    "share_file",
    "sign_parts",
    "start_multipart",
    "store_form_file",
    "sweep_uploads",
    "unshare_file",
]
