"""The base of every API view. See the example in ``micdots.api``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from micdots.api import idempotency
from micdots.api.converters import Malformed
from micdots.api.limits import enforce, enforce_all
from micdots.api.paging import Listing, paginate
from micdots.api.parsers import bound_body
from micdots.api.serializers import Input, Output, Query
from micdots.lib.camel_case import camel
from micdots.lib.errors import MicDotsError, NotFound, ValidationFailed

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Endpoint:
    """What one method of one address takes and gives: behaviour and OpenAPI schema both come from here."""

    body: type[Input] | None = None
    query: type[Query] | None = None
    answer: type[Output] | None = None
    status: int = HTTPStatus.OK
    listing: Listing | None = None
    public: bool = False
    idempotent: bool = False
    limits: Sequence[str] = ()
    errors: Sequence[int] = ()
    media: Sequence[str] = ()
    file: str = ""


def endpoint(
    *,
    body: type[Input] | None = None,
    query: type[Query] | None = None,
    answer: type[Output] | None = None,
    status: int | None = None,
    listing: Listing | None = None,
    public: bool = False,
    idempotent: bool = False,
    limits: Sequence[str] = (),
    errors: Sequence[int] = (),
    media: Sequence[str] = (),
    file: str = "",
) -> Callable[[Handler], Handler]:
    """Turn a method of an ``ApiView`` into an endpoint.

    Args:
        body: validated, and passed as the argument ``body`` (a dict with Python names). With PATCH it holds only
            what was sent.
        query: the query parameters; passed as the argument ``query`` in the same way.
        answer: shows what the method returns. Without it the answer is 204 and empty.
        status: 200 by default, 204 without ``answer``.
        listing: the method returns a queryset; one page of it is answered, with ``meta``.
        public: no credentials are needed, and none are looked at: ``request.user`` is anonymous.
        idempotent: ``Idempotency-Key`` is honoured (every POST that creates something). The method then runs inside
            one transaction together with the stored answer; so network and storage belong after commit.
        limits: names of ``settings.RATE_LIMITS`` that count this call besides the general one.
        errors: HTTP statuses that this endpoint may answer besides the usual ones, for the schema.
        media: content types of an answer that is no JSON; the method then returns an ``HttpResponse``.
        file: the request is a form (multipart/form-data) with a file in the field of this name, which the method reads
            itself; for the schema.

    A method may also return a ``Response`` (its data is put into the envelope) or any ``HttpResponse``, as it is.
    """
    spec = Endpoint(
        body=body,
        query=query,
        answer=answer,
        status=status or (HTTPStatus.OK if answer or media else HTTPStatus.NO_CONTENT),
        listing=listing,
        public=public,
        idempotent=idempotent,
        limits=tuple(limits),
        errors=tuple(errors),
        media=tuple(media),
        file=file,
    )

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def call(self: ApiView, request: Request, **path: Any) -> HttpResponseBase:
            if spec.idempotent and "Idempotency-Key" in request.headers:
                return self.run_once(spec, handler, request, path)
            return self.run(spec, handler, request, path)

        call.endpoint = spec  # type: ignore[attr-defined]  # found again by endpoint_of
        return call

    return decorate


class ApiView(APIView):
    """One address of the API; its methods are decorated with ``@endpoint``.

    Attributes:
        max_body_bytes: what a request may carry; a view that takes files raises it.
    """

    max_body_bytes: int = settings.MAX_BODY_BYTES

    @classmethod
    def endpoint_of(cls, method: str | None) -> Endpoint | None:
        """The endpoint behind an HTTP method, or None where this address does not take the method."""
        name = (method or "").lower()
        handler = getattr(cls, "get" if name == "head" else name, None) if name in cls.http_method_names else None
        return getattr(handler, "endpoint", None)

    def get_authenticators(self) -> list[BaseAuthentication]:
        # REST framework asks once without a request, when the schema is made.
        request = getattr(self, "request", None)
        spec = self.endpoint_of(request.method) if request is not None else None
        return [] if spec is not None and spec.public else super().get_authenticators()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that is checked before a method runs, cheapest first."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        request.version, request.versioning_scheme = None, None
        spec = self.endpoint_of(request.method)
        if spec is None:
            if request.method == "OPTIONS":
                return
            raise exceptions.MethodNotAllowed(request.method or "")
        if not spec.public:
            self._authenticate(request)
        malformed = [name for name, value in kwargs.items() if isinstance(value, Malformed)]
        if malformed:
            message = _("This is not an id: it has to be a UUID.")
            raise ValidationFailed({camel(name): [message] for name in malformed})
        # By account, or by address where nobody has signed in.
        whom = f"account {request.user.pk}" if not spec.public else None
        enforce_all(request._request, ["api", *spec.limits], whom)
        # Last: of a chunked body this reads as much as may be, and so from nobody whom the rest has turned away.
        bound_body(request._request, self.max_body_bytes)

    def _authenticate(self, request: Request) -> None:
        try:
            self.perform_authentication(request)
            if not request.user.is_authenticated:
                raise exceptions.NotAuthenticated
        except (MicDotsError, exceptions.APIException):
            # As REST framework does after errors of its own: else whoever asks for the user next gets this one again.
            request._not_authenticated()  # type: ignore[attr-defined]  # missing in the stubs
            enforce(request._request, "api")  # guesses count against the address that they come from
            raise

    def run_once(self, spec: Endpoint, handler: Handler, request: Request, path: dict[str, Any]) -> HttpResponseBase:
        """``run`` for a request with an Idempotency-Key."""
        call = idempotency.Call.of(
            account_id=int(request.user.pk or 0),
            method=request.method or "",
            path=request.path_info,
            header=request.headers["Idempotency-Key"],
            body=request._request.body,
        )

        made: list[HttpResponseBase] = []

        def work() -> idempotency.Answer:
            try:
                response = self.run(spec, handler, request, path)
            except Exception as exc:  # as dispatch does; here its answer has to be known before the transaction ends
                response = self.handle_exception(exc)
            response = self.finalize_response(request, response)  # type: ignore[arg-type]  # any response, in truth
            made.append(response.render() if isinstance(response, Response) else response)
            return idempotency.Answer(response.status_code, response.content.decode())

        answer, replayed = idempotency.once(call, work)
        if not replayed:
            return made[0]
        headers = {"Idempotent-Replayed": "true"}
        return HttpResponse(answer.body, content_type="application/json", status=answer.status, headers=headers)

    def run(self, spec: Endpoint, handler: Handler, request: Request, path: dict[str, Any]) -> HttpResponseBase:
        """Read the input, call the method and show what it returns."""
        arguments = dict(path)
        paging: dict[str, Any] = {}
        parameters = request.query_params.dict()
        if spec.listing is not None:
            paging = _validated(spec.listing.query(), parameters)
        if spec.query is not None:
            arguments["query"] = _validated(spec.query, parameters)
        if spec.body is not None:
            # REST framework gives an empty QueryDict, whose rules are those of HTML forms, for a missing body.
            data = {} if isinstance(request.data, QueryDict) else request.data
            arguments["body"] = _validated(spec.body, data, partial=request.method == "PATCH")
        result = handler(self, request, **arguments)
        if isinstance(result, HttpResponseBase):
            return result
        if spec.answer is None:
            return Response(status=spec.status)
        answer = spec.answer
        if spec.listing is None:
            return Response(answer.held().to_representation(result), status=spec.status)
        page = paginate(
            result,
            listing=spec.listing,
            limit=paging["limit"],
            sort=paging["sort"],
            cursor=paging.get("cursor"),
            show=lambda rows: list(answer(rows, many=True).data),
        )
        return Response(page, status=spec.status)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]  # as DRF
        """Which methods there are, in ``Allow``."""
        return Response(status=HTTPStatus.NO_CONTENT)

    def _allowed_methods(self) -> list[str]:
        names = [name.upper() for name in self.http_method_names if self.endpoint_of(name) is not None]
        return [*names, "OPTIONS"]


class NothingHereView(ApiView):
    """Every address that nobody else answers: 404, whatever the method and whoever asks."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


def _validated(serializer: type[Input] | type[Query], data: Any, *, partial: bool = False) -> dict[str, Any]:
    """Validated data under its Python names; raises REST framework's ``ValidationError``."""
    checker = serializer.held()
    if partial:
        checker = serializer()
        # Not REST framework's own `partial`, which would reach into objects inside: those are replaced as a whole.
        for field in checker.fields.values():
            field.required, field.default = False, empty
    return dict(checker.run_validation(data))
