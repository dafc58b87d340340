"""Addresses that exist in tests only: one of each thing that the shared machinery does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from micdots.api.fields import (
    BooleanParam,
    HttpUrlField,
    IntegerParam,
    LanguageField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictDateField,
    StrictFloatField,
    StrictIntegerField,
    StrictListField,
    StrictObjectField,
    StrictUUIDField,
    UtcDateTimeField,
)
from micdots.api.limits import limited
from micdots.api.paging import Listing
from micdots.api.serializers import Input, Output, Query
from micdots.api.views import ApiView, endpoint
from micdots.lib import errors
from micdots.urls import handler400, handler403, handler404, handler500  # noqa: F401 - Django looks for them here
from micdots.urls import urlpatterns as real_urlpatterns


class PlaceInput(Input):
    web_site = HttpUrlField()


class EverythingInput(Input):
    short_text = StrictCharField(max_length=5, required=False)
    long_text = StrictCharField(multiline=True, trim=False, allow_blank=True, required=False)
    word = StrictChoiceField(["red", "green"], required=False)
    whole_number = StrictIntegerField(minimum=1, maximum=10, required=False)
    number = StrictFloatField(minimum=0.5, maximum=2, required=False)
    is_true = StrictBooleanField(required=False)
    language = LanguageField(required=False)
    some_id = StrictUUIDField(required=False)
    moment = UtcDateTimeField(required=False, allow_null=True)
    day = StrictDateField(required=False)
    tags = StrictListField(StrictCharField(max_length=3), max_items=2, required=False)
    free = StrictObjectField(required=False)
    place = PlaceInput(required=False, allow_null=True)


class EchoOutput(Output):
    """What arrived, under its Python names."""

    arrived = serializers.SerializerMethodField()

    def get_arrived(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: str(value) if isinstance(value, UUID) else value for name, value in data.items()}


class EchoView(ApiView):
    @endpoint(body=EverythingInput, answer=EchoOutput, status=201, public=True)
    def post(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Say what arrived."""
        return body


class PatchInput(Input):
    name = StrictCharField(max_length=5)
    is_true = StrictBooleanField(default=True)
    place = PlaceInput(required=False, allow_null=True)


class PatchView(ApiView):
    @endpoint(body=PatchInput, answer=EchoOutput, public=True)
    def patch(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Say what arrived."""
        return body


class EverythingQuery(Query):
    page_number = IntegerParam(minimum=1, maximum=10)
    is_true = BooleanParam()
    word = StrictChoiceField(["red", "green"])
    q = StrictCharField(max_length=20, allow_blank=True)


class QueryEchoView(ApiView):
    @endpoint(query=EverythingQuery, answer=EchoOutput, public=True)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """Say what was asked."""
        return query


RAISES: dict[str, Exception] = {
    "not-found": errors.NotFound(),
    "django-404": Http404(),
    "forbidden": PermissionDenied(),
    "suspicious": SuspiciousOperation("inside"),
    "conflict": errors.Conflict(),
    "gone": errors.Gone("paused"),
    "tokens": errors.InsufficientTokens(required=5, available=3),
    "limited": errors.RateLimited(retry_after=7),
    "down": errors.ServiceUnavailable(),
    "invalid": errors.ValidationFailed({"starts_at": ["Too late."]}),
    "django-invalid": DjangoValidationError({"starts_at": ["Too late."]}),
    "bug": ZeroDivisionError("a secret of the inside"),
}


class RaiseView(ApiView):
    @endpoint(answer=EchoOutput, public=True)
    def get(self, request: Request, name: str) -> None:
        """Raise."""
        raise RAISES[name]


class NameOutput(Output):
    name = serializers.CharField()


class NameInput(Input):
    name = StrictCharField(max_length=120)
    refuse = StrictIntegerField(required=False)


class NamesView(ApiView):
    """Accounts serve as rows: they have a name and a time."""

    @endpoint(answer=NameOutput, listing=Listing(sorts={"name": ("name",)}))
    def get(self, request: Request) -> QuerySet[User]:
        """List."""
        return User.objects.filter(bio="row")

    @endpoint(body=NameInput, answer=NameOutput, status=201, idempotent=True, limits=["register"], errors=[402])
    def post(self, request: Request, body: dict[str, Any]) -> User:
        """Make a row, then refuse if asked to."""
        row = User.objects.create(email=f"{User.objects.count()}@rows.example", name=body["name"], bio="row")
        match body.get("refuse"):
            case 402:
                raise errors.InsufficientTokens(required=5, available=3)
            case 409:
                raise errors.Conflict
            case 503:
                raise errors.ServiceUnavailable
        return row


class NameView(ApiView):
    @endpoint(answer=NameOutput)
    def get(self, request: Request, name_id: UUID) -> User:
        """One."""
        row = User.objects.filter(public_id=name_id, bio="row").first()
        if row is None:
            raise errors.NotFound
        return row

    @endpoint()
    def delete(self, request: Request, name_id: UUID) -> None:
        """Nothing to say."""


@limited("register", methods=["POST"])
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


def raising_page(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISES[name]


test_api = [
    path("echo", EchoView.as_view()),
    path("patch", PatchView.as_view()),
    path("query-echo", QueryEchoView.as_view()),
    path("raise/<str:name>", RaiseView.as_view()),
    path("names", NamesView.as_view()),
    path("names/<id:name_id>", NameView.as_view()),
]
urlpatterns = [
    path("api/v1/test/", include(test_api)),
    path("test-page", page),
    path("test-raise/<str:name>", raising_page),
    *real_urlpatterns,
]
