"""Schemathesis sends what the OpenAPI document allows, and what it does not, to every operation.

No answer may be a 5xx, have a status or a content type that the document does not know, or another shape than it says.
``SCHEMA_EXAMPLES`` in the environment sets how many requests an operation gets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from accounts import sign_ins
from accounts.models import User
from micdots.api.fields import parse_uuid
from micdots.api.schema import make_schema
from micdots.wsgi import application
from tests.factories import make_dot, make_file, make_generation
from uploads.storage import new_key

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "25"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    ignored_auth,
]
schema = schemathesis.openapi.from_dict(make_schema())
schema.app = application


@pytest.fixture
def _kept_connection() -> Iterator[None]:
    """A request ends with its database connection, but here it runs inside the test's own transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def things(alice: User) -> dict[str, Any]:
    """What Alice has, by the name of its id in a path: random ids would only ever find nothing."""
    audio = {"audio_key": new_key("audio", "mp3"), "audio_bytes": 1, "duration_ms": 1500}
    generation = make_generation(owner=alice, status="ready", **audio)
    return {
        "generationId": generation.public_id,
        "dotId": make_dot(owner=alice).public_id,
        "fileId": make_file(owner=alice).public_id,
        "uploadId": make_file(owner=alice).upload.public_id,
    }


@pytest.fixture
def token(alice: User) -> str:
    return sign_ins.start(account=alice).access


@pytest.mark.django_db
@pytest.mark.usefixtures("_kept_connection")
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,  # the same requests each time: a failure is one that can be looked into
    database=None,
    # The rows are made once for all examples of an operation, on purpose.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_documented(case: schemathesis.Case, token: str, things: dict[str, Any]) -> None:
    for name, sent in case.path_parameters.items():
        if name in things and _is_id(sent):
            case.path_parameters[name] = str(things[name])

    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)


def _is_id(sent: object) -> bool:
    try:
        parse_uuid(str(sent))
    except ValueError:
        return False
    return True
