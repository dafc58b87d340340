from django.urls import path

import micdots.api.converters  # noqa: F401 - registers <id:…>
from plays.api import analytics, views

urlpatterns = [
    path("play/<str:name>", views.PlayView.as_view()),
    path("analytics", analytics.AnalyticsView.as_view()),
    path("dots/<id:dot_id>/analytics", analytics.DotAnalyticsView.as_view()),
]
