from django.urls import path

import micdots.api.converters  # noqa: F401 - registers <id:…>
from generations.api import views

urlpatterns = [
    path("voices", views.VoicesView.as_view()),
    path("generations", views.GenerationsView.as_view()),
    path("generations/<id:generation_id>", views.GenerationView.as_view()),
    path("generations/<id:generation_id>/cancel", views.GenerationCancelView.as_view()),
    path("generations/<id:generation_id>/retry", views.GenerationRetryView.as_view()),
    path("generations/<id:generation_id>/captions", views.GenerationCaptionsView.as_view()),
    path("dots", views.DotsView.as_view()),
    path("dots/<id:dot_id>", views.DotView.as_view()),
    path("dots/<id:dot_id>/restore", views.DotRestoreView.as_view()),
    path("dots/<id:dot_id>/qr", views.DotQrView.as_view()),
]
