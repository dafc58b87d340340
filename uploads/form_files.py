"""Files that come in a form. None is held in memory: what is larger than 2.5 MB waits in a temporary file."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.models import User
from micdots.lib.client_address import client_address
from micdots.lib.errors import PayloadTooLarge, ValidationFailed
from uploads.exceptions import StorageError
from uploads.models import File, Scope
from uploads.services import refusals_recorded, store_form_file
from uploads.storage.content_types import UNKNOWN, read_type, types_of

logger = logging.getLogger(__name__)

FIELD = "file"
# What stands around the file in a form.
FORM_BYTES = 64 * 1024


@dataclass(frozen=True)
class FormFile:
    """A file of a form, as its sender calls it."""

    file: UploadedFile
    file_name: str
    content_type: str
    size: int  # bytes

    def digest(self) -> bytes:
        """The same for the same file under the same name, another for any other."""
        digest = hashlib.sha256(repr((self.file_name, self.content_type)).encode())
        for chunk in self.file.chunks():
            digest.update(chunk)
        return digest.digest()


def read_files(request: HttpRequest) -> list[FormFile]:
    """The files in the field ``file``, in their order; none where the form has none.

    Raises:
        ValidationFailed: the form is broken.
        PayloadTooLarge: it holds more than forms may, besides files.
        StorageError: there is no room for it.
    """
    try:
        with room_for_files(request):
            sent: Sequence[UploadedFile] = request.FILES.getlist(FIELD)
    except (MultiPartParserError, TooManyFilesSent):
        raise ValidationFailed({FIELD: [_("This form could not be read. Please send it again.")]}) from None
    except RequestDataTooBig:
        raise PayloadTooLarge from None
    return [_form_file(one) for one in sent]


@contextmanager
def room_for_files(request: HttpRequest) -> Iterator[None]:
    """Around what reads a form with files: where the disk is full, that is told and leaves a line in the record.

    Raises:
        StorageError: a file of the form could not be kept.
    """
    try:
        yield
    except UnreadablePostError:  # an OSError, too: the sender has hung up
        raise
    except OSError as error:
        logger.warning("a form could not be kept: %s", error.strerror or type(error).__name__)
        account = request.user if isinstance(request.user, User) else None
        with refusals_recorded(account=account, address=client_address(request), scope=""):
            raise StorageError from error


def file_form(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page whose form carries files. The check against forged forms is the first to read it, and is done in here:
    what goes wrong while Django's middleware reads a form is answered 500.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with room_for_files(request):
            return checked(request, *args, **kwargs)

    return inner


def store_file(request: HttpRequest, owner: User, sent: FormFile) -> File:
    """Keep one file of a form. Whatever is wrong with it is told on ``file``; the rest as ``store_form_file``."""
    try:
        return store_form_file(
            owner=owner,
            file=sent.file.file,  # type: ignore[arg-type]  # binary, as Django's upload handlers open it
            file_name=sent.file_name,
            content_type=sent.content_type,
            size=sent.size,
            address=client_address(request),
        )
    except ValidationFailed as error:
        raise ValidationFailed({FIELD: [text for texts in error.details.values() for text in texts]}) from error


def likely_type(file_name: str, told: str, scope: str = Scope.FILES) -> str:
    """The type that a browser or program told, or the one of the extension where that cannot be right.

    Systems know few types: many call a recording ``application/octet-stream``, a film what a phone recorded without a
    picture, and a table an Excel sheet. What the file really is, is found out when it is there.
    """
    extension = file_name.rpartition(".")[2].lower()
    possible = [one for one in types_of(extension) if one in settings.UPLOAD_CONTENT_TYPES[scope]]
    try:
        read = read_type(told)
    except ValueError:
        read = UNKNOWN
    if read in possible or not possible:
        return read
    # Where films are taken, ``mp4`` and ``webm`` are what their name says first.
    return next((one for one in possible if one.startswith("video/")), possible[0])


def _form_file(sent: UploadedFile) -> FormFile:
    name = sent.name or ""
    return FormFile(sent, name, likely_type(name, sent.content_type or ""), sent.size or 0)
