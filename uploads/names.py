"""File names that people chose, and the keys of their objects."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from micdots.lib.plain_text import forbidden_character
from uploads.models import MAX_FILE_NAME_CHARACTERS
from uploads.storage.content_types import EXTENSIONS

# What a browser may send before the name: the folders of the visitor's machine.
_FOLDERS = re.compile(r".*[/\\]", re.DOTALL)
# Marks that turn the direction of what follows: "gpj.exe" could be shown as "exe.jpg".
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2028\u2029]")
_EXTENSION = re.compile(r".+\.([A-Za-z0-9]{1,10})", re.DOTALL)


class BadName(Exception):
    """Not a name for a file; ``message`` says why."""

    def __init__(self, message: Any) -> None:
        super().__init__(str(message))
        self.message = message


def clean_file_name(text: str) -> str:
    """The name alone, without folders and without marks that would show it in another order.

    Raises:
        BadName: nothing is left, it is too long, or it holds a control character.
    """
    name = _DIRECTION_MARKS.sub("", _FOLDERS.sub("", text)).strip()
    if name.strip(".") == "":
        raise BadName(_("File name is required"))
    if len(name) > MAX_FILE_NAME_CHARACTERS:
        raise BadName(_("This may have at most %(most)d characters.") % {"most": MAX_FILE_NAME_CHARACTERS})
    character = forbidden_character(name) or ("U+000A" if "\n" in name else "U+0009" if "\t" in name else None)
    if character:
        raise BadName(
            _("This text holds a character that cannot be used here (%(character)s).") % {"character": character}
        )
    return name


def extension_for(file_name: str, content_type: str) -> str:
    """The extension that the key gets: the name's own in lower case, or the type's where the name has none.

    What stands behind the last dot is an extension if it is 1 to 10 letters and digits: "Mr. Smith" has none.

    Raises:
        BadName: the extension does not belong to the type.
    """
    belonging = EXTENSIONS[content_type]
    found = _EXTENSION.fullmatch(file_name)
    if found is None:
        return belonging[0]
    extension = found[1].lower()
    if extension not in belonging:
        raise BadName(
            _("A file of the type %(type)s ends with %(extensions)s.")
            % {"type": content_type, "extensions": ", ".join(f".{each}" for each in belonging)}
        )
    return extension
