"""The recordings that generations are made from: whether one is still there, and which of them are needed.

A generation has an object of its own once it is ready; until then it needs the file that it is made from. So a file is
in use while such a generation waits or is being made, and can be deleted afterwards: the dot goes on playing. Whoever
tries again what has failed or was cancelled needs the file again.
"""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from generations.models import Generation
from micdots.lib.errors import Conflict
from uploads.models import File, Upload


def refuse_unless_there(upload: Upload | None) -> None:
    """Raises Conflict where a recording is not completed, lies in the bin or is gone."""
    file = None if upload is None else File.objects.filter(upload=upload).first()
    if upload is None or (file and file.purged_at):
        raise Conflict(_("The recording has been deleted. Please upload it again."))
    if file and file.deleted_at:
        raise Conflict(_("This recording lies in the bin of your files. Restore it first."))
    if not upload.is_completed:
        raise Conflict(_("This upload is not completed. Send the file, then complete the upload."))


def files_in_use(file_ids: Collection[int]) -> set[int]:
    """Those of the files that a generation is waiting for or being made from."""
    running = Generation.objects.running().filter(upload__file__in=file_ids)
    return set(running.values_list("upload__file", flat=True))
