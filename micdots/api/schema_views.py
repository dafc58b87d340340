"""The OpenAPI document and the page to try it on."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from micdots.api.schema import make_schema
from micdots.api.views import ApiView, endpoint

OPENAPI_JSON = "application/vnd.oai.openapi+json"


class SchemaView(ApiView):
    @endpoint(public=True, status=200, media=[OPENAPI_JSON])
    def get(self, request: Request) -> HttpResponse:
        """This description, as OpenAPI 3."""
        return HttpResponse(json.dumps(make_schema(), default=str), content_type=OPENAPI_JSON)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI on the document above; scripts and styles are ours, none is inline."""
    return render(request, "api/docs.html")
