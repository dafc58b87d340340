"""What uploads does when a lower app tells it something."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from uploads import services
from uploads.models import File
from uploads.previews import has_preview, ring_for_preview, wait_for


def erase_account(sender: Any, account: User, **kwargs: Any) -> None:
    services.erase_account(account=account)


def preview_file(sender: Any, file: File, **kwargs: Any) -> None:
    if has_preview(file.content_type):
        ring_for_preview(file.pk, after_seconds=wait_for(file.content_type))
