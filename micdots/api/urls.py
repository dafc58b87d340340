"""What every installation answers besides the apps' own addresses."""

from django.urls import path

from micdots.api import health, schema_views
from micdots.api.views import NothingHereView

# Below /api/v1/.
urlpatterns = [
    path("schema", schema_views.SchemaView.as_view(), name="api-schema"),
    path("docs", schema_views.docs, name="api-docs"),
]

health_urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("healthz/", health.healthz),
    path("readyz", health.readyz, name="readyz"),
    path("readyz/", health.readyz),
]

# The last of all below /api/: an unknown address answers in the envelope, not with a page.
unknown_urlpatterns = [path("api", NothingHereView.as_view()), path("api/<path:rest>", NothingHereView.as_view())]
