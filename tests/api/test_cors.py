"""Which pages of other sites may read which answers."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
ELSEWHERE = {"Origin": "https://kiosk.example"}


@pytest.mark.parametrize("path", ["/api/v1/voices", "/api/v1/voices/", "/api/v1/play/7KX3M9", "/api/v1/play/7KX3M9/"])
def test_any_page_may_read_voices_and_play_data(client: Client, path: str) -> None:
    response = client.get(path, headers=ELSEWHERE)

    assert response["Access-Control-Allow-Origin"] in {"*", "https://kiosk.example"}
    assert "Access-Control-Allow-Credentials" not in response
    assert "x-request-id" in response["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "path", ["/api/v1/dots", "/api/v1/me", "/api/v1/play/7KX3M9/more", "/api/v1/voicesx", "/healthz"]
)
def test_the_rest_is_closed_to_unknown_origins(client: Client, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(path, headers=ELSEWHERE)


def test_configured_origins_may_read_the_rest_errors_too(client: Client, settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://kiosk.example"]

    for path in ("/api/v1/dots", "/api/v1/nothing"):
        assert client.get(path, headers=ELSEWHERE)["Access-Control-Allow-Origin"] == "https://kiosk.example"


def test_a_preflight_is_answered_with_what_may_be_sent(client: Client, settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://kiosk.example"]

    response = client.options(
        "/api/v1/generations",
        headers={
            **ELSEWHERE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
    )

    assert response.status_code == 200
    for name in ("authorization", "content-type", "idempotency-key", "x-dot-password"):
        assert name in response["Access-Control-Allow-Headers"]
    assert response["X-Request-Id"]
