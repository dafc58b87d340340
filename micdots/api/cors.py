"""Which pages of other sites may read the API.

The gallery of voices and the play data are for everybody's players and kiosks; the rest is for the origins of
``CORS_ALLOWED_ORIGINS``. No credentials are sent across origins, so that a token has to be put there on purpose.
"""

from __future__ import annotations

import re
from typing import Any

from corsheaders.signals import check_request_enabled
from django.dispatch import receiver
from django.http import HttpRequest

_OPEN = re.compile(r"/api/v1/(voices|play/[^/]+)/?")


@receiver(check_request_enabled)
def allow_public_reading(sender: Any, request: HttpRequest, **kwargs: Any) -> bool:
    return _OPEN.fullmatch(request.path_info) is not None
