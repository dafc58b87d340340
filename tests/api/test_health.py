"""/healthz says that the process lives, /readyz that its parts answer."""

from __future__ import annotations

import threading

import pytest
from django.test import Client

from micdots.lib import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that a test adds is gone after it."""
    monkeypatch.setattr(health, "_checks", dict(health._checks))


@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
def test_a_living_process_says_so_without_a_query(client: Client, django_assert_num_queries, path: str) -> None:
    with django_assert_num_queries(0):
        response = client.get(path)

    assert response.status_code == 200
    assert response.json() == {"success": True, "data": {"status": "ok"}}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("path", ["/readyz", "/readyz/"])
def test_all_parts_answer(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 200, response.content
    data = response.json()["data"]
    assert data["status"] == "ok"
    assert {"database", "broker"} <= set(data["checks"])
    assert {check["status"] for check in data["checks"].values()} == {"ok"}


def test_a_part_that_is_down_is_named_and_its_reason_is_not(client: Client) -> None:
    @health.health_check("engine")
    def broken() -> None:
        raise ConnectionError("secret host name")

    response = client.get("/readyz")

    assert response.status_code == 503
    body = response.json()
    assert body["error"]["code"] == "SERVICE_UNAVAILABLE"
    assert list(body["error"]["details"]) == ["engine"]
    assert body["data"]["checks"]["engine"]["status"] == "down"
    assert body["data"]["checks"]["database"]["status"] == "ok"
    assert b"secret" not in response.content


def test_a_part_that_hangs_is_down_in_time_and_asked_only_once(client: Client, monkeypatch) -> None:
    monkeypatch.setattr(health, "TIMEOUT_SECONDS", 0.2)
    release, asked = threading.Event(), []

    @health.health_check("engine")
    def hangs() -> None:
        asked.append(1)
        release.wait(10)

    try:
        for _ in range(2):
            assert client.get("/readyz").json()["data"]["checks"]["engine"]["status"] == "down"
        assert len(asked) == 1
    finally:
        release.set()


def test_a_missing_broker_folder_is_seen(client: Client, settings, tmp_path) -> None:
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path / "gone")}

    assert client.get("/readyz").json()["data"]["checks"]["broker"]["status"] == "down"


def test_other_methods_are_refused(client: Client) -> None:
    assert client.post("/readyz").status_code == client.post("/healthz").status_code == 405
