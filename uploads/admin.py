"""The back office's pages about uploads, files, and what happened with them. Nothing here is edited."""

from __future__ import annotations

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from micdots.lib.admin import ReadOnlyAdmin
from uploads.models import File, FileShare, Upload, UploadEvent


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "owner", "scope", "file_name", "content_type", "state", "size", "reject_reason")
    list_filter = ("status", "scope", "kind", "content_type", "created_at")
    list_select_related = ("owner",)
    search_fields = ("file_name", "=key", "=sha256", "owner__email")
    date_hierarchy = "created_at"
    exclude = ("storage_upload_id",)

    @display(
        description=gettext_lazy("status"),
        label={
            Upload.Status.COMPLETED: "success",
            Upload.Status.PENDING: "info",
            Upload.Status.REJECTED: "danger",
            Upload.Status.EXPIRED: "warning",
            Upload.Status.ABORTED: "warning",
        },
    )
    def state(self, upload: Upload) -> tuple[str, str]:
        return upload.status, upload.get_status_display()

    @display(description=gettext_lazy("size"), ordering="bytes")
    def size(self, upload: Upload) -> str:
        return "" if upload.bytes is None else filesizeformat(upload.bytes)


@admin.register(File)
class FileAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "owner", "file_name", "content_type", "size", "deleted_at", "purged_at")
    list_filter = (
        "upload__scope",
        "content_type",
        ("deleted_at", admin.EmptyFieldListFilter),
        ("purged_at", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = ("owner",)
    search_fields = ("file_name", "owner__email")
    date_hierarchy = "created_at"
    # What is in a file is its owner's.
    exclude = ("text_excerpt", "peaks", "search_name", "preview_key")

    @display(description=gettext_lazy("size"), ordering="bytes")
    def size(self, file: File) -> str:
        return str(filesizeformat(file.bytes))


@admin.register(FileShare)
class FileShareAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "file", "expires_at", "max_downloads", "downloads_count", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("file",)
    search_fields = ("file__owner__email",)
    # Who has the token has the file.
    exclude = ("token", "password")


@admin.register(UploadEvent)
class UploadEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "account", "address", "scope", "action", "reason", "upload")
    list_filter = ("action", "scope", "at")
    list_select_related = ("account", "upload")
    search_fields = ("account__email", "address", "reason")
    date_hierarchy = "at"
