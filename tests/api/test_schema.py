"""The OpenAPI document says what the endpoints do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from micdots.api.schema import ERROR_CODES


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    made = SchemaGenerator().get_schema(request=None, public=True)
    assert dict(GENERATOR_STATS._warn_cache) == {}
    assert dict(GENERATOR_STATS._error_cache) == {}
    return json.loads(json.dumps(made, default=str))


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, what) for path, item in document["paths"].items() for method, what in item.items()]


def test_it_is_valid_and_made_without_warnings(document) -> None:
    validate_schema(document)
    assert len({what["operationId"] for _path, _method, what in operations(document)}) == len(operations(document))


def test_every_operation_says_what_it_is_for(document) -> None:
    assert [path for path, _method, what in operations(document) if not what.get("summary")] == []


def test_every_json_answer_is_an_envelope(document) -> None:
    for path, method, what in operations(document):
        for status, answer in what["responses"].items():
            if "$ref" in answer:
                assert answer["$ref"] == f"#/components/responses/Error{status}"
                continue
            assert set(answer["headers"]) >= {"X-Request-Id", "RateLimit", "RateLimit-Policy"}
            for media, content in answer.get("content", {}).items():
                if media == "application/json":
                    assert {"success", "data"} <= set(content["schema"]["required"]), (path, method, status)


def test_every_operation_tells_its_errors(document) -> None:
    for path, method, what in operations(document):
        statuses = set(what["responses"])
        assert {"429", "500", "503"} <= statuses
        assert ("401" in statuses and "403" in statuses) or "security" not in what, (path, method)
        if "{" in path:
            assert {"400", "404"} <= statuses
        if "requestBody" in what:
            assert {"400", "413", "415"} <= statuses


def test_error_answers_name_their_codes(document) -> None:
    for status, codes in ERROR_CODES.items():
        answer = document["components"]["responses"][f"Error{status}"]
        error = answer["content"]["application/json"]["schema"]["properties"]["error"]
        assert error["properties"]["code"]["enum"] == codes
        assert ("details" in error["required"]) == (status == 400)


def test_names_are_camel_case(document) -> None:
    def names(value: Any) -> list[str]:
        if isinstance(value, dict):
            found = list(value.get("properties", {})) if isinstance(value.get("properties"), dict) else []
            return found + [name for inner in value.values() for name in names(inner)]
        return [name for inner in value for name in names(inner)] if isinstance(value, list) else []

    assert [name for name in names(document) if not re.fullmatch("[a-z][a-zA-Z0-9]*", name)] == []
    assert [path for path in document["paths"] if "_" in path] == []


def test_creating_takes_an_idempotency_key(document) -> None:
    parameters = document["paths"]["/api/v1/generations"]["post"]["parameters"]

    assert "Idempotency-Key" in [parameter["name"] for parameter in parameters]


@pytest.mark.django_db
def test_the_document_is_served_to_anybody(client: Client, document) -> None:
    response = client.get("/api/v1/schema")

    assert response.status_code == 200
    assert response["Content-Type"] == "application/vnd.oai.openapi+json"
    assert response.json()["paths"].keys() == document["paths"].keys()


@pytest.mark.django_db
def test_the_page_loads_our_own_files_only_and_nothing_inline(client: Client) -> None:
    response = client.get("/api/v1/docs")

    page = response.content.decode()
    assert response.status_code == 200
    assert "'unsafe-inline'" not in response["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page) == []
    for address in re.findall(r"(?:src|href)=\"([^\"]+)\"", page):
        assert address.startswith(("/static/", "/api/v1/")), address
