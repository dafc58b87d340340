"""The library: the list of files with its bin, one file's page, and what can be done with it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import carried_out
from accounts.models import User
from accounts.pages import account, client_page
from micdots.api.fields import parse_uuid
from micdots.lib.errors import Conflict
from uploads import library, services
from uploads.access import file_for
from uploads.forms import FileFilterForm, RenameForm, ShareForm
from uploads.models import File
from uploads.pages.contexts import (
    file_context,
    preview_context,
    row_of,
    share_context,
    upload_settings,
    usage_context,
)

FILES_A_PAGE = 50
VIEW = "files_view"  # in the session: rows or tiles


@require_GET
@client_page
def list_files(request: HttpRequest) -> HttpResponse:
    user = account(request)
    if request.GET.get("view") in ("rows", "tiles"):
        request.session[VIEW] = request.GET["view"]
    in_bin = request.GET.get("bin") == "yes"
    form = FileFilterForm(request.GET)
    narrowing = form.narrowing()
    found = library.files_for(user, deleted=in_bin, **narrowing).order_by(*form.order())
    page = Paginator(found, FILES_A_PAGE).get_page(request.GET.get("page", 1))
    return render(
        request,
        "uploads/file_list.html",
        {
            "form": form,
            "page": page,
            "rows": [row_of(file) for file in page],
            "in_bin": in_bin,
            "bin_count": File.objects.owned_by(user).in_bin().count(),
            "is_narrowed": any(narrowing.values()),
            "is_tiles": request.session.get(VIEW) == "tiles",
            # Said once, right after the deletion, and not on every page that is turned to from there.
            "undo": _deleted_file(user, request.GET["undo"]) if list(request.GET) == ["undo"] else None,
            "upload_settings": upload_settings(),
            **usage_context(user),
        },
    )


@require_GET
@client_page
def show_file(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = file_for(account(request), file_id)
    return render(request, "uploads/file.html", {**file_context(file), "form": RenameForm(file=file)})


@require_GET
@client_page
def preview(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The fragment that is asked for again while a preview is in the making."""
    return render(request, "uploads/_preview.html", preview_context(file_for(account(request), file_id)))


@require_GET
@client_page
def download(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = file_for(account(request), file_id)
    try:
        return redirect(library.download_address(file).url)
    except Conflict as error:
        messages.warning(request, str(error.message))
        return _to_file(file)


@require_POST
@client_page
def rename(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = file_for(account(request), file_id)
    form = RenameForm(request.POST, file=file)
    if carried_out(form, lambda: services.rename_file(file=file, file_name=form.cleaned_data["file_name"])):
        messages.success(request, _("The new name is saved."))
        return _to_file(file)
    file.refresh_from_db(fields=["file_name"])
    return render(request, "uploads/file.html", {**file_context(file), "form": form}, status=422)


@require_POST
@client_page
def delete(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = file_for(account(request), file_id)
    try:
        services.delete_file(file=file)
    except Conflict as error:
        messages.error(request, str(error.message))
        return _to_file(file)
    return redirect(f"{reverse('files:list')}?undo={file.public_id}")


@require_POST
@client_page
def restore(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = services.restore_file(file=file_for(account(request), file_id))
    messages.success(request, _("“%(name)s” is back.") % {"name": file.file_name})
    return _to_file(file)


@require_POST
@client_page
def purge(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = file_for(account(request), file_id)
    name = file.file_name
    if not file.is_in_bin:
        messages.warning(request, _("Only what is in the bin can be deleted for good."))
        return _to_file(file)
    if services.purge_file(file=file):
        messages.success(request, _("“%(name)s” is deleted for good.") % {"name": name})
    else:
        messages.error(request, _("“%(name)s” is in use and cannot be deleted.") % {"name": name})
    return redirect(f"{reverse('files:list')}?bin=yes")


@require_http_methods(["GET", "POST"])
@client_page
def share(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The share link of a file: a page of its own, which the list's script shows in a dialog."""
    file = file_for(account(request), file_id)
    if file.deleted_at is not None:
        messages.warning(request, _("This file is in the bin. Restore it first."))
        return _to_file(file)
    form = ShareForm(request.POST or None)
    if request.method == "POST" and carried_out(form, lambda: services.share_file(file=file, **form.cleaned_data)):
        return redirect("files:share", file_id=file.public_id)
    context = {**share_context(file), "form": form, "upload_settings": upload_settings()}
    return render(request, "uploads/share.html", context)


@require_POST
@client_page
def unshare(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = file_for(account(request), file_id)
    services.unshare_file(file=file)
    return redirect("files:share", file_id=file.public_id)


def _deleted_file(user: User, public_id: str) -> File | None:
    """The file that was put into the bin a moment ago, to offer the way back."""
    try:
        wanted = parse_uuid(public_id)
    except ValueError:
        return None
    return File.objects.owned_by(user).in_bin().filter(public_id=wanted).first()


def _to_file(file: File) -> HttpResponse:
    return redirect("files:detail", file_id=file.public_id)
