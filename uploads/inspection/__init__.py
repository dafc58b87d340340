"""Is a file what its type says? Its content is looked at, in a process of its own, never its name.

The libraries that read sound and pictures are written in C, and files may be made to harm them. In the child process
(``child.py``) a crash, an endless loop or a bomb ends that process and nothing else: it has little memory, little
time, and can open no other file. The modules beside it, one a family of types, know nothing of Django.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from micdots.lib.errors import ServiceUnavailable
from uploads.exceptions import Rejected
from uploads.inspection.families import FAMILIES

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 90  # of the clock; the child's own limit is on its time at work
_WRONG = {
    "other_type": _("The content of this file is not what its type says."),
    "broken": _("This file is damaged or incomplete and cannot be read."),
    "no_sound": _("There is no sound in this file."),
    "pictures_in_sound": _("This is a video. Send it as one, or send its sound alone."),
    "too_many_pixels": _("This picture is too large. It may have at most 100 million pixels."),
    "too_large": _("This file is too large for its type."),
    "active": _("This file holds scripts, macros or links to other files, which are not taken."),
    "bomb": _("This archive unpacks to far more than it holds."),
    "unsafe_names": _("This archive holds names that lead out of its folder."),
    "two_types": _("In this file there is a second one of another type."),
    "not_text": _("This is not a text in UTF-8."),
}


@dataclass(frozen=True)
class Inspected:
    content_type: str
    duration_ms: int | None  # counted from what was decoded, not from what the file says of itself


def inspect(file: BinaryIO, content_type: str) -> Inspected:
    """Look into a file.

    Args:
        file: with a descriptor; its position does not matter, and is anywhere afterwards.
        content_type: what it is said to be; a type of ``FAMILIES``.

    Raises:
        Rejected: it is something else, damaged, or not taken; the message says which.
        ServiceUnavailable: the process could not be started, or the machine is too busy.
    """
    if content_type not in FAMILIES:
        raise ValueError(f"nothing here can check {content_type}")
    file.seek(0)
    # -B: the limit on what it may write would leave a module's compiled form cut off, and nobody could load that.
    command = [sys.executable, "-B", "-E", "-s", "-m", "uploads.inspection.child", content_type, str(os.getpid())]
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the argument is from a fixed table
            command,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env={"LC_ALL": "C.UTF-8"},
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        logger.warning("a file could not be checked: %s", type(error).__name__)
        raise ServiceUnavailable from error
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        # It was ended by its limits, or by the file.
        logger.info("the check of a file of type %s ended with code %s", content_type, done.returncode)
        raise Rejected(_WRONG["broken"]) from None
    if wrong := answer.get("wrong"):
        raise Rejected(_WRONG[wrong])
    return Inspected(content_type=content_type, duration_ms=answer["duration_ms"])
