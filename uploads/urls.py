"""Where the local storage is reached. Objects in S3 are reached at S3."""

from django.urls import path

from uploads import views

app_name = "uploads"

urlpatterns = [
    path("media/<path:key>", views.media, name="media"),
]
