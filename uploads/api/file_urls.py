from django.urls import path

import micdots.api.converters  # noqa: F401 - registers <id:…>
from uploads.api import file_views

urlpatterns = [
    path("files", file_views.FilesView.as_view()),
    path("files/<id:file_id>", file_views.FileView.as_view()),
    path("files/<id:file_id>/restore", file_views.FileRestoreView.as_view()),
    path("files/<id:file_id>/download", file_views.FileDownloadView.as_view()),
    path("files/<id:file_id>/share", file_views.FileShareView.as_view()),
]
