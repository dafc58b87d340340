"""Every address of MicDots, put together from the apps."""

from django.contrib import admin
from django.urls import include, path

from dashboard.urls import backoffice_urls
from dashboard.views.metrics import metrics
from generations.caption_links import captions
from micdots.api.urls import health_urlpatterns, unknown_urlpatterns

urlpatterns = [
    path("api/v1/", include("micdots.api.urls")),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("uploads.api.file_urls")),
    path("api/v1/", include("uploads.api.urls")),
    path("api/v1/", include("generations.api.urls")),
    path("api/v1/", include("plays.api.urls")),
    *unknown_urlpatterns,
    *health_urlpatterns,
    # Before the admin site's own addresses, which take the rest below it.
    path("admin/analytics/", include(backoffice_urls, namespace="backoffice")),
    path("admin/", admin.site.urls),
    path("metrics", metrics, name="metrics"),
    path("account/", include("accounts.urls")),
    path("", include("uploads.urls")),
    path("", include("uploads.page_urls")),
    path("", include("generations.urls")),
    path("", include("plays.urls")),
    path("", include("dashboard.urls")),
    path("captions/<uuid:public_id>.vtt", captions, name="captions"),
]

handler400 = "micdots.lib.error_pages.bad_request"
handler403 = "micdots.lib.error_pages.forbidden"
handler404 = "micdots.lib.error_pages.not_found"
handler500 = "micdots.lib.error_pages.server_error"
