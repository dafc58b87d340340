from django.urls import path

import uploads.api.converters  # noqa: F401 - they register <id:…> and <scope:…>
from uploads.api import views

urlpatterns = [
    path("<scope:scope>/uploads/presigned-url", views.PresignedUrlView.as_view()),
    path("<scope:scope>/uploads/multipart", views.MultipartView.as_view()),
    path("uploads/<id:upload_id>", views.UploadView.as_view()),
    path("uploads/<id:upload_id>/parts", views.UploadPartsView.as_view()),
    path("uploads/<id:upload_id>/complete", views.UploadCompleteView.as_view()),
]
