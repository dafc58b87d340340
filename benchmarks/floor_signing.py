"""The floor of row 5: a view of Django REST framework with a JSON web token, one INSERT and boto3's own signing.

The same server with as many processes and threads, the same database options and the same bucket as MicDots; nothing
else is shared. Parameters are taken as they come.
"""

import os
import uuid

import boto3
import django
from botocore.config import Config
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.urls import path

from micdots.settings import local

_database = {**local.DATABASES["default"]}
if _database["ENGINE"].endswith("sqlite3"):
    _database["NAME"] = str(local.VAR_DIR / "floor-signing.sqlite3")
else:
    # Tables of its own: Django's accounts are not those of MicDots, whose migrations are in the same database.
    _database["OPTIONS"] = {**_database["OPTIONS"], "options": "-c search_path=floor"}

settings.configure(
    SECRET_KEY="only for the tokens of a benchmark, and long enough for them",  # noqa: S106 - guards nothing
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": _database},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
    MIDDLEWARE=[],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
    USE_TZ=True,
    LOGGING_CONFIG=None,
)
django.setup()

from rest_framework.request import Request  # noqa: E402 - it reads the settings when it is imported
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

_client = boto3.client(
    "s3",
    region_name=os.environ.get("S3_REGION", "us-east-1"),
    config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
)


class SignedUpload(models.Model):
    owner_id = models.BigIntegerField(db_index=True)
    key = models.CharField(max_length=200, unique=True)
    content_type = models.CharField(max_length=100)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "floor"

    def __str__(self) -> str:
        return self.key


class PresignedUrl(APIView):
    def get(self, request: Request) -> Response:
        content_type = request.query_params["contentType"]
        key = f"audio/2026/11/{uuid.uuid4()}.mp3"
        SignedUpload.objects.create(owner_id=request.user.pk, key=key, content_type=content_type)
        bucket = os.environ["S3_BUCKET"]
        url = _client.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": bucket,
                "Key": key,
                "ContentType": content_type,
                "ContentLength": int(request.query_params["fileSize"]),
                "IfNoneMatch": "*",
            },
            ExpiresIn=900,
        )
        return Response({"presignedUrl": url, "fileKey": key, "bucketName": bucket, "expiresIn": 900})


urlpatterns = [path("presigned-url", PresignedUrl.as_view())]


def make_account() -> str:
    """Make the tables and an account; returns a token of it."""
    from django.contrib.auth.models import User
    from rest_framework_simplejwt.tokens import AccessToken

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA floor")
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(SignedUpload)
    return str(AccessToken.for_user(User.objects.create_user("bench")))


if __name__ == "__main__":
    print(make_account())
else:
    application = get_wsgi_application()
