"""A dot from a recording: chosen, taken from the files, or recorded on the page.

The page's script puts the sound straight into the storage, by the library's calls (``uploads.pages.sending``), and then
sends the form with the upload's id. Without it the form carries the file itself.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from generations import services
from generations.access import dot_by_code_for
from generations.forms import show_refusal
from generations.models import Dot, Generation
from generations.recording_form import RecordingForm, recordings_of
from generations.views.pages import account, client_page
from micdots.api.page_bodies import takes_files
from micdots.lib.client_address import client_address
from micdots.lib.errors import Conflict, ValidationFailed
from uploads.exceptions import QuotaExceeded, StorageError
from uploads.form_files import file_form
from uploads.models import File, Scope, Upload
from uploads.pages.contexts import upload_settings
from uploads.services import purge_file, store_form_file

# One recording, with its transcript.
FORM_LIMIT = settings.UPLOAD_MAX_BYTES + settings.MAX_BODY_BYTES
# What the services call otherwise.
NAMES = {"upload_id": "file", "upload": "file", "content_type": "file", "file_name": "file", "file_size": "file"}


@takes_files(FORM_LIMIT)
@file_form
@require_http_methods(["GET", "POST"])
@client_page
def new_dot(request: HttpRequest) -> HttpResponse:
    return _recording_form(request, account(request), dot=None)


@takes_files(FORM_LIMIT)
@file_form
@require_http_methods(["GET", "POST"])
@client_page
def new_generation(request: HttpRequest, code: str) -> HttpResponse:
    user = account(request)
    dot = dot_by_code_for(user, code)
    if dot.deleted_at:
        messages.warning(request, _("This dot is in the bin. Restore it first."))
        return redirect("dots:detail", code=dot.code)
    return _recording_form(request, user, dot=dot)


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
    stored: File | None = None
    if upload is None:
        # Before the file is kept: a form that is sent again brings it again.
        key = cleaned["request_key"]
        if key is not None and (first := services.asked_before(user, key)):
            return first
        file = cleaned["file"]
        stored = store_form_file(
            owner=user,
            file=file.file,
            file_name=file.name,
            content_type=cleaned["content_type"],
            size=file.size,
            scope=Scope.AUDIO,
            address=client_address(request),
        )
        upload = stored.upload
        # Should the rest be refused, the file need not be sent again.
        form.keep(upload)
    generation = services.request_recording(
        owner=user,
        upload=upload,
        language=cleaned["language"],
        text=cleaned["text"],
        title=cleaned["title"],
        dot=dot,
        request_key=cleaned["request_key"],
    )
    if stored is not None and generation.upload_id != upload.pk:
        # Of two submits at once this one came second, and its copy is nobody's wish.
        purge_file(file=stored)
    return generation


def _page(request: HttpRequest, form: RecordingForm, dot: Dot | None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "dot": dot,
        "sent": form.sent_upload,
        "has_files": recordings_of(form.owner).exists(),
        "upload_settings": upload_settings(),
        "max_seconds": settings.MAX_RECORDING_SECONDS,
        "max_minutes": settings.MAX_RECORDING_SECONDS // 60,
    }
    return render(request, "generations/recording_form.html", context)
