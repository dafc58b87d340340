"""The floor of row 1: a redirect service as small as Django allows. It looks up a code, writes a scan and redirects.

The same server with as many processes and threads, and the same database options as MicDots; nothing else is shared.
``FLOOR_SYNCHRONOUS_COMMIT=off`` gives up durability on PostgreSQL, to see what that would buy.
"""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from micdots.settings import local

_database = {**local.DATABASES["default"]}
if _database["ENGINE"].endswith("sqlite3"):
    _database["NAME"] = str(local.VAR_DIR / "floor.sqlite3")
elif os.environ.get("FLOOR_SYNCHRONOUS_COMMIT") == "off":
    _database["OPTIONS"] = {**_database["OPTIONS"], "options": "-c synchronous_commit=off"}

settings.configure(
    SECRET_KEY="of no use here",  # noqa: S106 - nothing is signed with it
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": _database},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    MIDDLEWARE=[],
    USE_TZ=True,
    LOGGING_CONFIG=None,
)
django.setup()


class Code(models.Model):
    code = models.CharField(max_length=8, unique=True)
    target = models.URLField()

    class Meta:
        app_label = "floor"

    def __str__(self) -> str:
        return self.code


class Scan(models.Model):
    code = models.ForeignKey(Code, on_delete=models.CASCADE)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "floor"

    def __str__(self) -> str:
        return str(self.pk)


def scan(request: HttpRequest, code: str) -> HttpResponse:
    row = Code.objects.filter(code=code).first()
    if row is None:
        raise Http404
    Scan.objects.create(code=row)
    return HttpResponseRedirect(row.target)


urlpatterns = [path("q/<str:code>", scan)]


def make_tables() -> None:
    """Make both tables and the one code that is asked for."""
    with connection.schema_editor() as editor:
        editor.create_model(Code)
        editor.create_model(Scan)
    Code.objects.create(code="ABC234", target="https://dots.example.org/d/ABC234")


if __name__ == "__main__":
    make_tables()
else:
    application = get_wsgi_application()
