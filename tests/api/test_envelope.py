"""Whatever happens below /api/, the answer is an envelope."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]


@pytest.fixture
def anybody() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("not-found", 404, "NOT_FOUND"),
        ("django-404", 404, "NOT_FOUND"),
        ("forbidden", 403, "FORBIDDEN"),
        ("suspicious", 400, "VALIDATION_ERROR"),
        ("conflict", 409, "CONFLICT"),
        ("gone", 410, "GONE"),
        ("tokens", 402, "INSUFFICIENT_TOKENS"),
        ("limited", 429, "RATE_LIMITED"),
        ("down", 503, "SERVICE_UNAVAILABLE"),
        ("invalid", 400, "VALIDATION_ERROR"),
        ("django-invalid", 400, "VALIDATION_ERROR"),
        ("bug", 500, "INTERNAL_ERROR"),
    ],
)
def test_every_exception_becomes_its_code(anybody: Client, name: str, status: int, code: str) -> None:
    response = anybody.get(f"/api/v1/test/raise/{name}")

    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert body["success"] is False
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert ("details" in body["error"]) == (code in {"VALIDATION_ERROR", "GONE", "INSUFFICIENT_TOKENS"})


def test_a_bug_tells_nothing_about_the_inside_and_is_logged_once(
    anybody: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = anybody.get("/api/v1/test/raise/bug")

    assert b"secret" not in response.content
    assert [record.name for record in caplog.records if record.exc_info] == ["micdots.api.exceptions"]


def test_names_in_details_are_camel_case(anybody: Client) -> None:
    for name in ("invalid", "django-invalid"):
        assert anybody.get(f"/api/v1/test/raise/{name}").json()["error"]["details"] == {"startsAt": ["Too late."]}


def test_refusals_carry_their_headers(anybody: Client) -> None:
    assert anybody.get("/api/v1/test/raise/limited")["Retry-After"] == "7"
    assert anybody.get("/api/v1/test/raise/gone")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v1/api-keys/", "/api/v2/dots"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_unknown_address_is_not_found_with_any_method(anybody: Client, path: str, method: str) -> None:
    response = getattr(anybody, method)(path)

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_FOUND"


def test_a_wrong_method_is_told_before_credentials_are_asked_for(anybody: Client) -> None:
    response = anybody.put("/api/v1/test/names", b"{}", content_type="application/json")

    assert response.status_code == 405
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_options_says_which_methods_there_are(anybody: Client) -> None:
    response = anybody.options("/api/v1/test/names")

    assert response.status_code == 204
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_no_credentials_are_told_how_to_get_in(anybody: Client) -> None:
    response = anybody.get("/api/v1/test/names")

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["error"] == {"code": "UNAUTHORIZED", "message": "Authentication required."}


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer a b", "Basic YTpi", "Bearer \xff", "x" * 5000])
def test_broken_credentials_are_refused(anybody: Client, header: str) -> None:
    response = anybody.get("/api/v1/test/names", headers={"Authorization": header})

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["error"]["code"] == "UNAUTHORIZED"


def test_a_session_does_not_open_the_api(client: Client, alice) -> None:
    client.force_login(alice)

    assert client.get("/api/v1/test/names").status_code == 401


def test_both_forms_of_an_address_answer_without_a_redirect(anybody: Client) -> None:
    for path in ("/api/v1/test/echo", "/api/v1/test/echo/"):
        response = anybody.post(path, b'{"shortText": "hello"}', content_type="application/json")

        assert response.status_code == 201
        assert response.json() == {"success": True, "data": {"arrived": {"short_text": "hello"}}}


def test_a_malformed_id_is_a_validation_error_and_an_unknown_one_is_not_found(api, alice) -> None:
    malformed = api(alice).get("/api/v1/test/names/123")
    braces = api(alice).get("/api/v1/test/names/{123e4567-e89b-12d3-a456-426614174000}")
    unknown = api(alice).get("/api/v1/test/names/123e4567-e89b-12d3-a456-426614174000")

    assert malformed.status_code == braces.status_code == 400
    assert list(malformed.json()["error"]["details"]) == ["nameId"]
    assert unknown.status_code == 404


def test_nothing_to_say_is_204_and_empty(api, alice) -> None:
    response = api(alice).delete(f"/api/v1/test/names/{alice.public_id}")

    assert response.status_code == 204
    assert response.content == b""


def test_json_is_answered_whatever_accept_asks_for(anybody: Client) -> None:
    for accept in ("text/html", "image/png", "nonsense", ""):
        response = anybody.get("/api/v1/test/query-echo?format=html", headers={"Accept": accept})

        assert response.status_code == 200
        assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("debug", [True, False])
def test_a_refused_host_is_answered_in_the_envelope(anybody: Client, settings, debug: bool) -> None:
    settings.DEBUG = debug
    settings.ALLOWED_HOSTS = ["good.example"]

    response = anybody.get("/api/v1/voices", headers={"Host": "bad.example"})

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("path", ["/api/v1/%00", "/api/v1/%ff%fe", "/api/v1/names/%0a", "/api/v1/%F0%9F%98%80"])
def test_odd_paths_are_answered_in_the_envelope(anybody: Client, path: str) -> None:
    response = anybody.get(path)

    assert response.status_code == 404
    assert response.json()["success"] is False
