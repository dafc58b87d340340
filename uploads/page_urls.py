"""The addresses of the library and of share links."""

from __future__ import annotations

from django.urls import include, path

from uploads.pages import library, sending, shares

file_urls = (
    [
        path("", library.list_files, name="list"),
        path("upload", sending.upload_form, name="upload"),
        path("uploads", sending.sign, name="sign"),
        path("uploads/<uuid:upload_id>/parts", sending.sign_parts, name="sign-parts"),
        path("uploads/<uuid:upload_id>/complete", sending.complete, name="complete"),
        path("uploads/<uuid:upload_id>/abort", sending.abort, name="abort"),
        path("<uuid:file_id>/", library.show_file, name="detail"),
        path("<uuid:file_id>/preview", library.preview, name="preview"),
        path("<uuid:file_id>/download", library.download, name="download"),
        path("<uuid:file_id>/rename", library.rename, name="rename"),
        path("<uuid:file_id>/delete", library.delete, name="delete"),
        path("<uuid:file_id>/restore", library.restore, name="restore"),
        path("<uuid:file_id>/purge", library.purge, name="purge"),
        path("<uuid:file_id>/share", library.share, name="share"),
        path("<uuid:file_id>/unshare", library.unshare, name="unshare"),
    ],
    "files",
)

urlpatterns = [
    path("files/", include(file_urls)),
    path("s/<str:token>", shares.shared, name="shared-file"),
]
