"""How files come in: by the browser's script straight to the storage, or by a plain form through MicDots.

The script's addresses serve every page that sends something: the library, and the form for a dot from a recording.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.pages import account, client_page
from micdots.api.fields import StrictCharField, StrictChoiceField, StrictIntegerField, StrictListField
from micdots.api.limits import enforce
from micdots.api.page_bodies import takes_files
from micdots.api.parsers import read_json_object
from micdots.api.serializers import Input
from micdots.lib.client_address import client_address
from micdots.lib.errors import MicDotsError, ValidationFailed
from uploads import services
from uploads.access import upload_for
from uploads.form_files import FORM_BYTES, file_form, likely_type, read_files, store_file
from uploads.models import Scope
from uploads.pages.contexts import upload_settings
from uploads.services import SignedPart

# What a form of several files may hold together.
FORM_LIMIT = 4 * settings.UPLOAD_MAX_BYTES + FORM_BYTES
_MOST_PARTS = 10_000


class SignInput(Input):
    scope = StrictChoiceField((Scope.FILES, Scope.AUDIO), default=Scope.FILES.value)
    file_name = StrictCharField(max_length=5000)
    content_type = StrictCharField(allow_blank=True, max_length=255)
    size = StrictIntegerField(minimum=1)


class PartsInput(Input):
    part_numbers = StrictListField(StrictIntegerField(minimum=1, maximum=_MOST_PARTS), max_items=100)


class PartInput(Input):
    part_number = StrictIntegerField(minimum=1, maximum=_MOST_PARTS)
    e_tag = StrictCharField(max_length=200)


class CompleteInput(Input):
    parts = StrictListField(PartInput(), max_items=_MOST_PARTS, required=False)  # type: ignore[arg-type]  # any field


def for_script(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
    """A page's own address for its script: JSON in and out, errors with a sentence for the person."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return JsonResponse(view(request, *args, **kwargs))
        except MicDotsError as error:
            return JsonResponse({"code": error.code, "message": sentence_of(error)}, status=error.status)

    return inner


def sentence_of(error: MicDotsError) -> str:
    """What a person is told: of wrong input what is wrong, else the error's own sentence."""
    if isinstance(error, ValidationFailed):
        told = [str(text) for texts in error.details.values() if isinstance(texts, list) for text in texts]
        return " ".join(told) or str(error.message)
    return str(error.message)


@require_POST
@client_page
@for_script
def sign(request: HttpRequest) -> dict[str, Any]:
    """Addresses to put one file to: one, or one a part for a large file."""
    user = account(request)
    enforce(request, "uploads", f"account {user.pk}")
    wish = _read(SignInput, request, user)
    about: dict[str, Any] = {
        "owner": user,
        "scope": wish["scope"],
        "file_name": wish["file_name"],
        "content_type": likely_type(wish["file_name"], wish["content_type"], wish["scope"]),
        "file_size": wish["size"],
        "address": client_address(request),
    }
    with services.refusals_recorded(account=user, address=about["address"], scope=wish["scope"]):
        if wish["size"] > upload_settings()["partsFrom"]:
            begun = services.start_multipart(**about)
            return {
                "uploadId": str(begun.upload.public_id),
                "partSize": begun.upload.part_size,
                "parts": _shown(begun.parts),
            }
        signed = services.request_upload(**about)
    return {"uploadId": str(signed.upload.public_id), "url": signed.url, "headers": signed.headers}


@require_POST
@client_page
@for_script
def sign_parts(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    """Fresh addresses for parts of an upload that goes on."""
    user = account(request)
    enforce(request, "uploads", f"account {user.pk}")
    upload = upload_for(user, upload_id)
    numbers = _read(PartsInput, request, user)["part_numbers"]
    signed = services.sign_parts(upload=upload, part_numbers=numbers, address=client_address(request))
    return {"parts": _shown(signed)}


@require_POST
@client_page
@for_script
def complete(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    """The file has arrived: look at it, and make it one of the library."""
    user = account(request)
    enforce(request, "uploads", f"account {user.pk}")
    upload = upload_for(user, upload_id)
    parts = [(part["part_number"], part["e_tag"]) for part in _read(CompleteInput, request, user).get("parts", [])]
    services.complete_upload(upload=upload, parts=parts or None, address=client_address(request))
    return {"url": reverse("files:detail", args=[upload.file.public_id])}


@require_POST
@client_page
@for_script
def abort(request: HttpRequest, upload_id: UUID) -> dict[str, Any]:
    """Give an upload up."""
    services.abort_upload(upload=upload_for(account(request), upload_id), address=client_address(request))
    return {}


@takes_files(FORM_LIMIT)
@file_form
@require_POST
@client_page
def upload_form(request: HttpRequest) -> HttpResponse:
    """The plain form: for browsers without JavaScript."""
    user = account(request)
    enforce(request, "uploads", f"account {user.pk}")
    stored = []
    try:
        for sent in read_files(request):
            try:
                stored.append(store_file(request, user, sent))
            except MicDotsError as error:
                messages.error(request, f"{sent.file_name}: {sentence_of(error)}")
                continue
            messages.success(request, _("“%(name)s” is stored.") % {"name": stored[-1].file_name})
        if not request.FILES:
            messages.warning(request, _("Choose a file first."))
    except MicDotsError as error:
        messages.error(request, sentence_of(error))
    return redirect("files:list")


def _read(shape: type[Input], request: HttpRequest, user: User) -> dict[str, Any]:
    with services.refusals_recorded(account=user, address=client_address(request), scope=""):
        checked = shape(data=read_json_object(request.body or b"{}"))
        if not checked.is_valid():
            raise ValidationFailed(dict(checked.errors))
        return dict(checked.validated_data)


def _shown(parts: list[SignedPart]) -> list[dict[str, Any]]:
    return [{"partNumber": part.part_number, "url": part.url} for part in parts]
