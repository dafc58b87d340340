"""The landing page and the client's home."""

from __future__ import annotations

from django.urls import path

from dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("home", views.home, name="home"),
]
