from django.urls import path

from plays.api import views

urlpatterns = [
    path("play/<str:name>", views.PlayView.as_view()),
]
