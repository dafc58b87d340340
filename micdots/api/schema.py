"""The OpenAPI description, made from the same ``Endpoint`` that the views run on, envelope and errors included."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_lib_doc_excludes
from drf_spectacular.utils import OpenApiParameter

from micdots.api.paging import MAX_LIMIT
from micdots.api.serializers import CamelCaseSerializer, Input, Output, Query
from micdots.api.views import ApiView, Endpoint

# Every code that an answer with this status may carry. API.md, section 1.
ERROR_CODES: dict[int, list[str]] = {
    400: ["VALIDATION_ERROR"],
    401: ["UNAUTHORIZED", "MFA_REQUIRED"],
    402: ["INSUFFICIENT_TOKENS"],
    403: ["FORBIDDEN", "EMAIL_NOT_VERIFIED", "ACCOUNT_SUSPENDED", "QUOTA_EXCEEDED"],
    404: ["NOT_FOUND"],
    405: ["METHOD_NOT_ALLOWED"],
    409: ["CONFLICT"],
    410: ["GONE"],
    413: ["PAYLOAD_TOO_LARGE"],
    415: ["UNSUPPORTED_MEDIA_TYPE"],
    429: ["RATE_LIMITED"],
    500: ["INTERNAL_ERROR"],
    503: ["SERVICE_UNAVAILABLE"],
}
_DESCRIPTIONS = {
    400: "A field, a parameter, an id or the JSON itself is wrong; `details` says which and why.",
    401: "No credentials, or ones that are invalid, expired or revoked.",
    402: "The balance does not cover the price (`details`: `required`, `available`).",
    403: "Signed in, but not allowed.",
    404: "No such thing, or it is somebody else's.",
    405: "This address does not take this method.",
    409: "The state does not allow it, or an Idempotency-Key was used with another body.",
    410: "Expired, paused, used up or deleted (`details`: `reason`).",
    413: "The body is larger than this address takes: 2 MiB, where nothing else is said.",
    415: "The body is of another type than this address takes: JSON, where nothing else is said.",
    429: "Too many calls; try again after `Retry-After` seconds.",
    500: "A bug on our side.",
    503: "Maintenance, or a dependency is down.",
}


def doc_excludes() -> list[type]:
    """Classes whose docstrings are for us, not for readers of the document."""
    return [*get_lib_doc_excludes(), ApiView, CamelCaseSerializer, Input, Output, Query]


class StrictFieldExtension(OpenApiSerializerFieldExtension):
    target_class = "micdots.api.fields.StrictField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        return dict(self.target.openapi())


class EndpointSchema(AutoSchema):
    """Describes one endpoint; an app's author only writes serializers and docstrings."""

    @property
    def endpoint(self) -> Endpoint:
        spec = self._found()
        if spec is None:
            raise TypeError(f"{self.method} {self.path} is no endpoint; is_excluded leaves it out")
        return spec

    def _found(self) -> Endpoint | None:
        return self.view.endpoint_of(self.method) if isinstance(self.view, ApiView) else None

    def is_excluded(self) -> bool:
        return self._found() is None

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.endpoint.listing is not None

    def get_summary(self) -> str | None:
        return self._doc().split("\n\n", 1)[0].replace("\n", " ")

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular
        return self._doc().partition("\n\n")[2]

    def _doc(self) -> str:
        return inspect.getdoc(getattr(self.view, self.method.lower())) or ""

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [] if self.endpoint.public else [{"bearer": []}]

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = [self.endpoint.listing.query()] if self.endpoint.listing else []
        if self.endpoint.query:
            parameters.append(self.endpoint.query)
        if self.endpoint.idempotent:
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
                    OpenApiParameter.HEADER,
                    description="Any text of your own; the same key and body within 24 hours do the thing once.",
                )
            )
        return parameters

    def get_serializer_name(self, serializer: Any, direction: str) -> str:
        return str(type(serializer).__name__).removesuffix("Output").removesuffix("Input")

    def get_request_serializer(self) -> Any:
        return self.endpoint.body

    def _get_request_body(self, direction: str = "request") -> dict[str, Any] | None:
        if self.method == "DELETE" and self.endpoint.body:
            # OpenAPI leaves the meaning of such a body open, so drf-spectacular leaves it out; ours has one.
            shown = self.resolve_serializer(self.endpoint.body, "request").ref
            return {"content": {"application/json": {"schema": shown}}, "required": True}
        if name := self.endpoint.file:
            file = {"type": "string", "format": "binary"}
            form = {"type": "object", "properties": {name: file}, "required": [name]}
            return {"content": {"multipart/form-data": {"schema": form}}, "required": True}
        body: dict[str, Any] | None = super()._get_request_body(direction)
        for parser in self.view.get_parsers():
            shape = getattr(parser, "openapi", None)  # of a body that is no JSON
            if body and shape:
                body["content"][parser.media_type] = {"schema": dict(shape)}
        return body

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        spec = self.endpoint
        answers = {str(spec.status): self._success(spec)}
        for status in sorted(self._error_statuses(spec)):
            answers[str(status)] = {"$ref": f"#/components/responses/Error{status}"}
        return answers

    def _success(self, spec: Endpoint) -> dict[str, Any]:
        names = ["X-Request-Id", "RateLimit-Policy", "RateLimit"]
        if spec.idempotent:
            names.append("Idempotent-Replayed")
        answer: dict[str, Any] = {
            "description": "Done." if spec.status == 204 else "",
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        }
        if spec.media:
            answer["content"] = {name: {"schema": _file_schema(name)} for name in spec.media}
        elif spec.answer is not None:
            shown = self.resolve_serializer(spec.answer, "response").ref
            answer["content"] = {"application/json": {"schema": _envelope(shown, is_list=spec.listing is not None)}}
        return answer

    def _error_statuses(self, spec: Endpoint) -> set[int]:
        """The usual answers of such an endpoint, and those that it names itself."""
        # 400 everywhere: a host name that is none is refused before any address is looked at.
        statuses = {400, 429, 500, 503, *spec.errors}
        has_path = "{" in self.path
        if not spec.public:
            statuses |= {401, 403}
        if has_path:
            statuses.add(404)
        if spec.idempotent:
            statuses.add(409)
        if spec.body or spec.file:
            statuses |= {413, 415}
        return statuses


def _file_schema(media: str) -> dict[str, Any]:
    return {"type": "object"} if media.endswith("json") else {"type": "string", "format": "binary"}


def _envelope(data: dict[str, Any], *, is_list: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {"success": {"type": "boolean", "enum": [True]}, "data": data}
    if is_list:
        properties["data"] = {"type": "array", "items": data}
        properties["meta"] = {"$ref": "#/components/schemas/PageMeta"}
    return {"type": "object", "properties": properties, "required": list(properties)}


def add_components(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Adds what every operation refers to: error answers, headers and the security scheme (a spectacular hook)."""
    components = result.setdefault("components", {})
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The accessToken of auth/login or auth/register; auth/refresh gives a new one.",
        }
    }
    text = {"type": "string"}
    components["headers"] = {
        "X-Request-Id": {
            "description": "The id of this request: your own, if you sent one. Tell us when something is wrong.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        },
        "RateLimit-Policy": {
            "description": 'The limits that count this call: "name";q=calls;w=seconds',
            "schema": text,
        },
        "RateLimit": {"description": 'Where they stand: "name";r=calls left;t=seconds to the reset', "schema": text},
        "Retry-After": {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer"}},
        "WWW-Authenticate": {"description": "How to authenticate.", "required": True, "schema": text},
        "Idempotent-Replayed": {
            "description": "true where this is the kept answer to an earlier request with the same key.",
            "schema": text,
        },
    }
    cursor = {"type": "string", "nullable": True}
    schemas = components.setdefault("schemas", {})
    schemas["PageMeta"] = {
        "type": "object",
        "properties": {
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
            "nextCursor": cursor,
            "previousCursor": cursor,
        },
        "required": ["limit", "nextCursor", "previousCursor"],
    }
    components["responses"] = {f"Error{status}": _error_answer(status) for status in ERROR_CODES}
    return result


def _error_answer(status: int) -> dict[str, Any]:
    headers = ["X-Request-Id", *{401: ["WWW-Authenticate"], 429: ["Retry-After"]}.get(status, [])]
    details: dict[str, Any] = {"type": "object"}
    if status == 400:
        details["additionalProperties"] = {"type": "array", "items": {"type": "string"}}
    error = {
        "type": "object",
        "properties": {
            "code": {"type": "string", "enum": ERROR_CODES[status]},
            "message": {"type": "string"},
            "details": details,
        },
        "required": ["code", "message", *(["details"] if status == 400 else [])],
    }
    body = {
        "type": "object",
        "properties": {"success": {"type": "boolean", "enum": [False]}, "error": error},
        "required": ["success", "error"],
    }
    return {
        "description": _DESCRIPTIONS[status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {"application/json": {"schema": body}},
    }


def make_schema() -> dict[str, Any]:
    """The OpenAPI document of everything below ``/api/v1/``, in the active language; made once a process."""
    return _make_schema(get_language())


@lru_cache(maxsize=16)
def _make_schema(_language: str | None) -> dict[str, Any]:
    with GENERATOR_STATS.silence():  # warnings are a test's business: tests/api/test_schema.py
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document
