"""A dot from a recording: chosen, taken from the files, or recorded on the page.

The page's script puts the sound straight into the storage: it asks here for an address (``sign``), sends the file
there, has it looked at (``complete``), and then sends the form with the upload's id. Without it the form carries the
file itself.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.limits import account_key
from accounts.models import User
from generations import services
from generations.access import dot_by_code_for
from generations.forms import show_refusal
from generations.models import Dot, Generation
from generations.recording_form import RecordingForm, recordings_of
from generations.views.pages import account, client_page
from micdots.api import limits
from micdots.lib.client_address import client_address
from micdots.lib.errors import Conflict, MicDotsError, ValidationFailed
from uploads.access import upload_for
from uploads.exceptions import QuotaExceeded, StorageError
from uploads.models import Scope, Upload
from uploads.services import abort_upload, complete_upload, request_upload, store_form_file

# What the services call otherwise.
NAMES = {"upload_id": "file", "upload": "file", "content_type": "file", "file_name": "file", "file_size": "file"}


@require_http_methods(["GET", "POST"])
@client_page
def new_dot(request: HttpRequest) -> HttpResponse:
    return _recording_form(request, account(request), dot=None)


@require_http_methods(["GET", "POST"])
@client_page
def new_generation(request: HttpRequest, code: str) -> HttpResponse:
    user = account(request)
    dot = dot_by_code_for(user, code)
    if dot.deleted_at:
        messages.warning(request, _("This dot is in the bin. Restore it first."))
        return redirect("dots:detail", code=dot.code)
    return _recording_form(request, user, dot=dot)


@require_POST
@client_page
def sign(request: HttpRequest) -> HttpResponse:
    """An address for one recording: ``file_name``, ``content_type`` and ``file_size`` in, what a PUT needs out."""
    size = request.POST.get("file_size", "")
    try:
        limits.enforce(request, "uploads", account_key(account(request).pk))
        signed = request_upload(
            owner=account(request),
            scope=Scope.AUDIO,
            file_name=request.POST.get("file_name", ""),
            content_type=request.POST.get("content_type", ""),
            file_size=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None,
            address=client_address(request),
        )
    except MicDotsError as error:
        return _refused(error)
    return JsonResponse(
        {"uploadId": str(signed.upload.public_id), "presignedUrl": signed.url, "requiredHeaders": signed.headers}
    )


@require_POST
@client_page
def complete(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Has a recording looked at that was put; says its name where it is one."""
    upload = upload_for(account(request), public_id)
    try:
        upload = complete_upload(upload=upload, address=client_address(request))
    except MicDotsError as error:
        return _refused(error)
    return JsonResponse({"uploadId": str(upload.public_id), "fileName": upload.file_name})


@require_POST
@client_page
def abort(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Gives up an upload that was cancelled or cut off."""
    upload = upload_for(account(request), public_id)
    try:
        abort_upload(upload=upload, address=client_address(request))
    except MicDotsError as error:
        return _refused(error)
    return HttpResponse(status=204)


def _refused(error: MicDotsError) -> JsonResponse:
    """The sentences for the person at the page: of every field that is wrong, else the error's own."""
    sentences = [str(sentence) for each in error.details.values() if isinstance(each, list) for sentence in each]
    return JsonResponse({"message": " ".join(sentences) or str(error.message)}, status=error.status)


def _recording_form(request: HttpRequest, user: User, *, dot: Dot | None) -> HttpResponse:
    if request.method == "GET":
        # `?file=`: from a file's own page.
        return _page(request, RecordingForm(owner=user, initial={"picked": request.GET.get("file", "")}), dot)
    form = RecordingForm(request.POST, request.FILES, owner=user)
    if form.is_valid():
        try:
            generation = _request(request, form, user, dot)
        except ValidationFailed as error:
            show_refusal(form, error, NAMES)
        except (Conflict, QuotaExceeded, StorageError) as error:
            form.add_error(None, str(error.message))
        else:
            return redirect("dots:detail", code=generation.dot.code)
    return _page(request, form, dot)


def _request(request: HttpRequest, form: RecordingForm, user: User, dot: Dot | None) -> Generation:
    cleaned = form.cleaned_data
    upload: Upload | None = cleaned["upload"]
    if upload is None:
        file = cleaned["file"]
        upload = store_form_file(
            owner=user,
            file=file.file,
            file_name=file.name,
            content_type=cleaned["content_type"],
            size=file.size,
            scope=Scope.AUDIO,
            address=client_address(request),
        ).upload
        # Should the rest be refused, the file need not be sent again.
        form.keep(upload)
    return services.request_recording(
        owner=user,
        upload=upload,
        language=cleaned["language"],
        text=cleaned["text"],
        title=cleaned["title"],
        dot=dot,
        request_key=cleaned["request_key"],
    )


def _page(request: HttpRequest, form: RecordingForm, dot: Dot | None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "dot": dot,
        "sent": form.sent_upload,
        "has_files": recordings_of(form.owner).exists(),
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_megabytes": settings.UPLOAD_MAX_BYTES // 1024**2,
        "max_seconds": settings.MAX_RECORDING_SECONDS,
        "max_minutes": settings.MAX_RECORDING_SECONDS // 60,
    }
    return render(request, "generations/recording_form.html", context)
