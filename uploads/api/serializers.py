"""What the API takes and shows of uploads. API.md, section 6."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from micdots.api.fields import (
    IntegerParam,
    StrictCharField,
    StrictField,
    StrictIntegerField,
    StrictListField,
    UtcDateTimeField,
)
from micdots.api.serializers import Input, Output, Query
from uploads.models import MAX_FILE_NAME_CHARACTERS, Upload
from uploads.names import BadName, clean_file_name
from uploads.services.signing import MAX_PARTS, MAX_PARTS_AT_ONCE, MAX_URL_SECONDS, MIN_URL_SECONDS, SignedUpload
from uploads.storage.content_types import read_type

_NO_NAME = _("File name is required")
_NO_TYPE = _("Content type must be a valid MIME type")


class FileNameField(StrictField):
    """A file's name as its owner knows it; folders before it and marks that turn its direction are dropped."""

    default_error_messages = {"required": _NO_NAME, "null": _NO_NAME, "invalid": _NO_NAME}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return clean_file_name(data)
        except BadName as error:
            raise serializers.ValidationError(error.message) from None

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": MAX_FILE_NAME_CHARACTERS, "example": "greeting.mp3"}


class ContentTypeField(StrictField):
    """A MIME type; its parameters are dropped."""

    default_error_messages = {"required": _NO_TYPE, "null": _NO_TYPE, "invalid": _NO_TYPE}

    def to_internal_value(self, data: Any) -> str:
        try:
            return read_type(data if isinstance(data, str) else "")
        except ValueError:
            self.fail("invalid")

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 3, "maxLength": 255, "example": "audio/mpeg"}


class PresignedUrlQuery(Query):
    file_name = FileNameField(required=True, help_text="The original name; only its extension reaches the key.")
    content_type = ContentTypeField(required=True, help_text="By scope; a parameter such as ;codecs=opus is dropped.")
    expires_in = IntegerParam(minimum=MIN_URL_SECONDS, maximum=MAX_URL_SECONDS, help_text="Seconds; 900 by default.")
    file_size = IntegerParam(minimum=1, help_text="Bytes. Signed when given: a body of another length is refused.")


class MultipartInput(Input):
    file_name = FileNameField()
    content_type = ContentTypeField()
    file_size = StrictIntegerField(minimum=1)


class PartNumbersInput(Input):
    part_numbers = StrictListField(StrictIntegerField(minimum=1, maximum=MAX_PARTS), max_items=MAX_PARTS_AT_ONCE)


class PartInput(Input):
    part_number = StrictIntegerField(minimum=1, maximum=MAX_PARTS)
    e_tag = StrictCharField(max_length=128)


class CompleteInput(Input):
    parts = PartInput(many=True, required=False, max_length=MAX_PARTS)  # type: ignore[call-arg]  # the list's limit


class PresignedUrlOutput(Output):
    presigned_url = serializers.URLField(source="url")
    file_key = serializers.CharField(source="upload.key")
    bucket_name = serializers.CharField(source="bucket")
    expires_in = serializers.IntegerField()
    expires_at = UtcDateTimeField()
    upload_id = serializers.UUIDField(source="upload.public_id")
    content_type = serializers.CharField(source="upload.content_type")
    required_headers = serializers.SerializerMethodField()

    def get_required_headers(self, signed: SignedUpload) -> dict[str, str]:
        return signed.headers


class PartOutput(Output):
    part_number = serializers.IntegerField()
    presigned_url = serializers.URLField(source="url")
    expires_at = UtcDateTimeField()


class PartsOutput(Output):
    parts = PartOutput(many=True)


class MultipartOutput(Output):
    upload_id = serializers.UUIDField(source="upload.public_id")
    file_key = serializers.CharField(source="upload.key")
    content_type = serializers.CharField(source="upload.content_type")
    part_size = serializers.IntegerField(source="upload.part_size")
    parts = PartOutput(many=True)


# Who gave up an upload finds it no more; the other states are shown.
_SHOWN = [status for status in Upload.Status.values if status != Upload.Status.ABORTED]


class UploadOutput(Output):
    upload_id = serializers.UUIDField(source="public_id")
    file_key = serializers.CharField(source="key")
    status = serializers.ChoiceField(choices=_SHOWN)
    bytes = serializers.IntegerField(allow_null=True)
    content_type = serializers.CharField()
    file_name = serializers.CharField()
    sha256 = serializers.SerializerMethodField()
    duration_seconds = serializers.FloatField(allow_null=True)
    reason = serializers.SerializerMethodField()

    def get_sha256(self, upload: Upload) -> str | None:
        return upload.sha256 or None

    def get_reason(self, upload: Upload) -> str | None:
        """Why it was rejected."""
        return upload.reject_reason or None
