"""What can go wrong with objects."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from micdots.lib.errors import Forbidden, ServiceUnavailable, ValidationFailed


class StorageError(ServiceUnavailable):
    """The storage did not do what it was asked; nothing half-written is left.

    ``permanent`` is per instance: True for what an operator has to put right (no permission, no such bucket),
    False for what may pass (a full disk, a time-out, a busy service).
    """

    default_message = _("The storage is not available at the moment. Please try again in a few minutes.")

    def __init__(self, message: Any = None, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class ObjectNotFound(StorageError):
    """There is no object under this key."""

    default_message = _("This object is no longer in the storage.")

    def __init__(self) -> None:
        super().__init__(permanent=True)


class InvalidParts(ValidationFailed):
    """The parts that were named are not the parts that arrived. The upload goes on."""

    def __init__(self) -> None:
        super().__init__(
            {"parts": [_("These are not the parts that arrived. Send every part again whose ETag differs.")]}
        )


class QuotaExceeded(Forbidden):
    """The account's storage is full; nothing was stored. ``details`` hold ``limit`` and ``used``, in bytes."""

    code = "QUOTA_EXCEEDED"
    default_message = _("Your storage is full. Delete files that you no longer need, in the bin too.")

    def __init__(self, *, limit: int, used: int) -> None:
        super().__init__(details={"limit": limit, "used": used})


class Rejected(ValidationFailed):
    """The object is not what its type says, or too large. It is deleted; a new upload may be better."""

    def __init__(self, reason: Any) -> None:
        super().__init__({"upload": [reason]})
        self.reason = str(reason)
