"""The landing page, the client's home and the pages about listening: put together as ``include("dashboard.urls")``."""

from __future__ import annotations

from django.urls import include, path

from dashboard.views import analytics, backoffice, start

dashboard_urls = (
    [
        path("", start.landing, name="landing"),
        path("home", start.home, name="home"),
    ],
    "dashboard",
)

analytics_urls = (
    [
        path("", analytics.overview, name="overview"),
        path("listening-now", analytics.listening_now, name="listening-now"),
        path("export.csv", analytics.export_csv, name="csv"),
        path("export.xlsx", analytics.export_xlsx, name="xlsx"),
        path("settings", analytics.edit_settings, name="settings"),
        path("dots/<uuid:public_id>", analytics.overview, name="dot"),
        path("dots/<uuid:public_id>/listening-now", analytics.listening_now, name="dot-listening-now"),
        path("dots/<uuid:public_id>/export.csv", analytics.export_csv, name="dot-csv"),
        path("dots/<uuid:public_id>/export.xlsx", analytics.export_xlsx, name="dot-xlsx"),
    ],
    "analytics",
)

# The staff's page. “admin” is its application, as the back office's looser Content-Security-Policy goes by that.
backoffice_urls = (
    [
        path("", backoffice.analytics, name="analytics"),
        path("listening-now", backoffice.listening_now, name="listening-now"),
        path("export.csv", backoffice.export_csv, name="csv"),
        path("export.xlsx", backoffice.export_xlsx, name="xlsx"),
    ],
    "admin",
)

urlpatterns = [
    path("", include(dashboard_urls)),
    path("analytics/", include(analytics_urls)),
]
