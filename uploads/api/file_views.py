"""The API of the file library. API.md, section 6."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http.response import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from micdots.api import idempotency
from micdots.api.paging import Listing
from micdots.api.views import ApiView, Endpoint, Handler, endpoint
from micdots.lib.errors import ValidationFailed
from uploads import library, services
from uploads.access import file_for
from uploads.api.file_serializers import (
    DownloadOutput,
    FileInput,
    FileOutput,
    FilesQuery,
    ShareInput,
    ShareOutput,
)
from uploads.form_files import FIELD, FORM_BYTES, FormFile, read_files, store_file
from uploads.models import File, FileShare
from uploads.storage import SignedUrl


class _NothingStored(Exception):
    """The answer is to be made, but its file is not there yet."""


class FilesView(ApiView):
    max_body_bytes = settings.UPLOAD_MAX_BYTES + FORM_BYTES

    @endpoint(
        query=FilesQuery,
        answer=FileOutput,
        listing=Listing(sorts={"fileName": ("file_name",), "bytes": ("bytes",)}),
    )
    def get(self, request: Request, query: dict[str, Any]) -> QuerySet[File]:
        """List your files."""
        return library.files_for(
            _user(request),
            query=query.get("q", ""),
            content_type=query.get("content_type", ""),
            deleted=query.get("deleted", False),
        )

    @endpoint(file=FIELD, answer=FileOutput, status=201, idempotent=True, limits=["uploads"])
    def post(self, request: Request) -> File:
        """Store a file that is sent in a form.

        For forms without JavaScript and for `curl -F file=@name`. It takes files up to the limit of a single PUT;
        larger ones, and many, go to the storage directly, with a pre-signed URL.
        """
        return store_file(request._request, _user(request), _the_file(request))

    def run_once(self, spec: Endpoint, handler: Handler, request: Request, path: dict[str, Any]) -> HttpResponseBase:
        """As for other endpoints, but the file is stored outside of the transaction that keeps the answer.

        Storing a large one takes longer than a transaction should. What was stored in vain, because the answer was
        there already, is deleted again.
        """
        sent = _the_file(request)
        call = idempotency.Call.of(
            account_id=_user(request).pk,
            method=request.method or "",
            path=request.path_info,
            header=request.headers["Idempotency-Key"],
            body=sent.digest(),
        )

        def store() -> File:
            return store_file(request._request, _user(request), sent)

        made = [] if idempotency.is_known(call) else [store()]
        shown: list[HttpResponse] = []

        def work() -> idempotency.Answer:
            if not made:
                raise _NothingStored
            response = Response(FileOutput(made[0]).data, status=spec.status)
            self.finalize_response(request, response).render()
            shown.append(response)
            return idempotency.Answer(response.status_code, response.content.decode())

        try:
            try:
                answer, replayed = idempotency.once(call, work)
            except _NothingStored:  # a request with this key was killed before it could answer
                made.append(store())
                answer, replayed = idempotency.once(call, work)
        except Exception:
            _undo(made)
            raise
        if not replayed:
            return shown[0]
        _undo(made)
        headers = {"Idempotent-Replayed": "true"}
        return HttpResponse(answer.body, content_type="application/json", status=answer.status, headers=headers)


class FileView(ApiView):
    @endpoint(answer=FileOutput)
    def get(self, request: Request, file_id: UUID) -> File:
        """One file."""
        return file_for(_user(request), file_id)

    @endpoint(body=FileInput, answer=FileOutput)
    def patch(self, request: Request, file_id: UUID, body: dict[str, Any]) -> File:
        """Rename a file."""
        file = file_for(_user(request), file_id)
        return services.rename_file(file=file, file_name=body["file_name"]) if "file_name" in body else file

    @endpoint(errors=[409])
    def delete(self, request: Request, file_id: UUID) -> None:
        """Put a file into the bin, from where it can be restored for 30 days."""
        services.delete_file(file=file_for(_user(request), file_id))


class FileRestoreView(ApiView):
    @endpoint(answer=FileOutput, errors=[409])
    def post(self, request: Request, file_id: UUID) -> File:
        """Take a file out of the bin."""
        return services.restore_file(file=file_for(_user(request), file_id))


class FileDownloadView(ApiView):
    @endpoint(answer=DownloadOutput, errors=[409])
    def get(self, request: Request, file_id: UUID) -> SignedUrl:
        """An address that downloads the file under its name, without credentials, for an hour."""
        return library.download_address(file_for(_user(request), file_id))


class FileShareView(ApiView):
    @endpoint(body=ShareInput, answer=ShareOutput, status=201, idempotent=True, errors=[409])
    def post(self, request: Request, file_id: UUID, body: dict[str, Any]) -> FileShare:
        """Make a link that opens the file to whoever has it; a former link of the file ends."""
        return services.share_file(
            file=file_for(_user(request), file_id),
            expires_at=body.get("expires_at"),
            password=body.get("password"),
            max_downloads=body.get("max_downloads"),
        )

    @endpoint()
    def delete(self, request: Request, file_id: UUID) -> None:
        """End the file's link."""
        services.unshare_file(file=file_for(_user(request), file_id))


def _the_file(request: Request) -> FormFile:
    """The one file of a form."""
    if request._request.content_type != "multipart/form-data":
        raise UnsupportedMediaType(request.content_type or "")
    files = read_files(request._request)
    if len(files) != 1:
        raise ValidationFailed({FIELD: [_("Send one file, in the field “file”.")]})
    return files[0]


def _undo(made: list[File]) -> None:
    for file in made:
        services.purge_file(file=file)


def _user(request: Request) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the view has asked for credentials
    return request.user
