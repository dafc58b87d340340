"""The API of uploads: signed addresses, completion, and uploads in parts. API.md, section 6."""

from __future__ import annotations

import contextlib
from typing import Any, cast
from uuid import UUID

from django.db import DatabaseError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from micdots.api.views import ApiView, Endpoint, Handler, endpoint
from micdots.lib.client_address import client_address
from micdots.lib.errors import Unauthorized, ValidationFailed
from uploads import services
from uploads.access import upload_for
from uploads.api.serializers import (
    CompleteInput,
    MultipartInput,
    MultipartOutput,
    PartNumbersInput,
    PartsOutput,
    PresignedUrlOutput,
    PresignedUrlQuery,
    UploadOutput,
)
from uploads.models import Upload, UploadEvent
from uploads.services.events import record
from uploads.services.signing import refuse_scope


class SigningView(ApiView):
    """Base of the addresses that sign: whatever they refuse leaves a line in the log."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, serializers.ValidationError):
            exc = ValidationFailed(cast(Any, exc.detail), _("Invalid request parameters."))
        elif isinstance(exc, ValidationFailed):
            exc = ValidationFailed(exc.details, _("Invalid request parameters."))
        elif isinstance(exc, Unauthorized):
            exc = Unauthorized()  # the one sentence that is documented here, whatever is wrong with the token
        return super().handle_exception(exc)

    def run(self, spec: Endpoint, handler: Handler, request: Request, path: dict[str, Any]) -> HttpResponseBase:
        """As for other endpoints; whoever may not write to the scope is told so before their parameters are read."""
        refuse_scope(cast(User, request.user), path["scope"])
        return super().run(spec, handler, request, path)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        # Written here, where every transaction has ended: a refusal rolls its own back. Floods leave no lines.
        if response.status_code >= 400 and response.status_code not in (405, 429):
            with contextlib.suppress(DatabaseError):
                self._record_refusal(response, str(kwargs.get("scope", "")))
        return response

    def _record_refusal(self, response: HttpResponseBase, scope: str) -> None:
        user = self.request.user if getattr(self.request, "successful_authenticator", None) else None
        error = getattr(response, "data", None) or {}
        error = error.get("error", error)
        fields = ", ".join(sorted(error.get("details", {}))) if error.get("code") == "VALIDATION_ERROR" else ""
        reason = str(error.get("code", response.status_code))
        record(
            UploadEvent.Action.REFUSED,
            account=cast("User | None", user),
            address=client_address(self.request._request),
            scope=scope,
            reason=f"{reason} ({fields})" if fields else reason,
        )


class PresignedUrlView(SigningView):
    @endpoint(query=PresignedUrlQuery, answer=PresignedUrlOutput, limits=["uploads"], errors=[404])
    def get(self, request: Request, scope: str, query: dict[str, Any]) -> services.SignedUpload:
        """Sign an address for one upload.

        Send the object with `PUT presignedUrl` and exactly the `requiredHeaders`, straight to the storage; then call
        `POST uploads/{uploadId}/complete`. The address is for one object and one use.
        """
        return services.request_upload(
            owner=cast(User, request.user), scope=scope, address=client_address(request._request), **query
        )


class MultipartView(SigningView):
    @endpoint(
        body=MultipartInput, answer=MultipartOutput, status=201, idempotent=True, limits=["uploads"], errors=[404]
    )
    def post(self, request: Request, scope: str, body: dict[str, Any]) -> services.SignedMultipart:
        """Begin an upload in parts.

        For large objects and bad connections. Every part but the last has `partSize` bytes; send each with
        `PUT presignedUrl`, keep the `ETag` of each answer, and name them all in `POST uploads/{uploadId}/complete`.
        The first 100 parts are signed here, the others by `POST uploads/{uploadId}/parts`.
        """
        return services.start_multipart(
            owner=cast(User, request.user), scope=scope, address=client_address(request._request), **body
        )


class UploadView(ApiView):
    @endpoint(answer=UploadOutput)
    def get(self, request: Request, upload_id: UUID) -> Upload:
        """One upload."""
        return upload_for(cast(User, request.user), upload_id)

    @endpoint(errors=[409])
    def delete(self, request: Request, upload_id: UUID) -> None:
        """Give up an upload that is not completed; what was sent of it is deleted."""
        services.abort_upload(
            upload=upload_for(cast(User, request.user), upload_id), address=client_address(request._request)
        )


class UploadPartsView(ApiView):
    @endpoint(body=PartNumbersInput, answer=PartsOutput, limits=["uploads"], errors=[409])
    def post(self, request: Request, upload_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
        """Sign fresh addresses for parts of an upload."""
        upload = upload_for(cast(User, request.user), upload_id)
        numbers = body["part_numbers"]
        address = client_address(request._request)
        return {"parts": services.sign_parts(upload=upload, part_numbers=numbers, address=address)}


class UploadCompleteView(ApiView):
    @endpoint(body=CompleteInput, answer=UploadOutput, limits=["uploads"], errors=[409])
    def post(self, request: Request, upload_id: UUID, body: dict[str, Any]) -> Upload:
        """Say that the object is there.

        The server looks at it: its size, its digest, and whether its content is what its type says. What is not is
        deleted. Asking again gives the same answer. `parts` is for uploads in parts alone.
        """
        parts = [(part["part_number"], part["e_tag"]) for part in body["parts"]] if "parts" in body else None
        return services.complete_upload(
            upload=upload_for(cast(User, request.user), upload_id),
            parts=parts,
            address=client_address(request._request),
        )
