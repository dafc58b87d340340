"""What the back office's front page shows of uploads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from uploads.services.patterns import unusual_patterns


def patterns_panel(request: HttpRequest) -> Mapping[str, Any]:
    """The accounts whose uploads are unusual now."""
    return {"patterns": unusual_patterns()[:10], "hours": settings.UPLOAD_PATTERN_HOURS}
