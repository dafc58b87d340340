"""What the API takes and shows of files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from micdots.api.fields import BooleanParam, StrictCharField, StrictIntegerField, UtcDateTimeField
from micdots.api.serializers import Input, Output, Query
from uploads.library import DOWNLOAD_SECONDS, preview_address
from uploads.models import MAX_FILE_NAME_CHARACTERS, File, FileShare
from uploads.services.in_use import files_in_use
from uploads.storage.content_types import read_type

QUERY_LENGTH = 200
MOST_DOWNLOADS = 1_000_000


class FilesQuery(Query):
    q = StrictCharField(max_length=QUERY_LENGTH, allow_blank=True)
    content_type = StrictCharField(max_length=127, help_text="One type, such as audio/mpeg.")
    deleted = BooleanParam(help_text="true: the bin only. Default: what is not in the bin.")

    def validate_content_type(self, text: str) -> str:
        try:
            return read_type(text)
        except ValueError:
            raise serializers.ValidationError(_("Content type must be a valid MIME type")) from None


class FileInput(Input):
    # Without a limit of its own: the service judges names, and says how long they may be.
    file_name = StrictCharField(required=False, max_length=5000)


class ShareInput(Input):
    expires_at = UtcDateTimeField(required=False, allow_null=True)
    password = StrictCharField(
        required=False, allow_null=True, trim=False, min_length=4, max_length=128, write_only=True
    )
    max_downloads = StrictIntegerField(required=False, allow_null=True, minimum=1, maximum=MOST_DOWNLOADS)


class FileListSerializer(serializers.ListSerializer[Any]):
    """Asks once for all rows of a page which of them are in use."""

    def to_representation(self, data: Any) -> list[Any]:
        rows: Iterable[File] = list(data)
        assert isinstance(self.child, FileOutput)  # noqa: S101 - it is made for nothing else
        self.child.known_in_use = files_in_use([file.pk for file in rows])
        return super().to_representation(rows)


class FileOutput(Output):
    class Meta:
        list_serializer_class = FileListSerializer

    known_in_use: set[int] | None = None  # of all rows of a list, where this shows one of them

    id = serializers.UUIDField(source="public_id")
    upload_id = serializers.UUIDField(source="upload.public_id")
    file_name = serializers.CharField(max_length=MAX_FILE_NAME_CHARACTERS)
    file_key = serializers.CharField(source="upload.key")
    content_type = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField(source="upload.sha256")
    duration_seconds = serializers.FloatField(source="upload.duration_seconds", allow_null=True)
    preview_url = serializers.SerializerMethodField()
    in_use = serializers.SerializerMethodField()
    created_at = UtcDateTimeField()
    deleted_at = UtcDateTimeField(allow_null=True)

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_preview_url(self, file: File) -> str | None:
        return preview_address(file) or None

    @extend_schema_field({"type": "boolean"})
    def get_in_use(self, file: File) -> bool:
        known = files_in_use([file.pk]) if self.known_in_use is None else self.known_in_use
        return file.pk in known


class DownloadOutput(Output):
    url = serializers.URLField()
    expires_in = serializers.SerializerMethodField()
    expires_at = UtcDateTimeField()

    @extend_schema_field({"type": "integer", "enum": [DOWNLOAD_SECONDS]})
    def get_expires_in(self, _signed: Any) -> int:
        return DOWNLOAD_SECONDS


class ShareOutput(Output):
    url = serializers.SerializerMethodField()
    expires_at = UtcDateTimeField(allow_null=True)
    has_password = serializers.BooleanField()
    max_downloads = serializers.IntegerField(allow_null=True)
    downloads = serializers.IntegerField(source="downloads_count")
    created_at = UtcDateTimeField()

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, share: FileShare) -> str:
        return f"{settings.SITE_URL}/s/{share.token}"
