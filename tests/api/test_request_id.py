"""Every answer and every log line of a request carry its id."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from micdots.lib.request_id import RequestIdFilter, current_request_id

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]


@pytest.fixture
def anybody() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("path", ["/api/v1/test/raise/bug", "/api/v1/nothing", "/nothing", "/healthz", "/test-page"])
def test_an_own_id_comes_back(anybody: Client, path: str) -> None:
    assert anybody.get(path, headers={"X-Request-Id": "My.id_7-x"})["X-Request-Id"] == "My.id_7-x"


@pytest.mark.parametrize("sent", ["", "a b", "a\nb", "ä", "a" * 129, "<script>", "a/b"])
def test_what_is_no_id_is_replaced(anybody: Client, sent: str) -> None:
    made = anybody.get("/healthz", headers={"X-Request-Id": sent})["X-Request-Id"]

    assert made != sent
    assert len(made) == 32
    assert made != anybody.get("/healthz")["X-Request-Id"]


def test_one_access_line_names_route_and_account_but_no_query(api, alice, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "micdots.access")
    api(alice).get(f"/api/v1/test/names/{alice.public_id}?signature=secret", headers={"X-Request-Id": "abc"})

    lines = [record.getMessage() for record in caplog.records if record.name == "micdots.access"]
    assert len(lines) == 1
    assert lines[0].startswith("GET /api/v1/test/names/<id:name_id> 404 ")
    assert lines[0].endswith(f" ms account={alice.pk}")
    assert "secret" not in lines[0]


def test_a_line_cannot_be_forged_through_the_path(anybody: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "micdots.access")
    anybody.get("/x%0aGET /forged")

    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_log_records_carry_the_id(anybody: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RequestIdFilter())
    anybody.get("/api/v1/test/raise/bug", headers={"X-Request-Id": "abc"})

    ours = [record for record in caplog.records if record.name.startswith(("micdots", "django.request"))]
    assert {record.request_id for record in ours} == {"abc"}
    assert current_request_id() == "-"


def test_a_bug_on_a_page_is_a_page_with_the_id(anybody: Client) -> None:
    response = anybody.get("/test-raise/bug", headers={"X-Request-Id": "abc-123"})

    assert response.status_code == 500
    assert response["Content-Type"].startswith("text/html")
    assert "abc-123" in response.content.decode()
    assert "secret" not in response.content.decode()


@pytest.mark.parametrize(("name", "status"), [("gone", 410), ("conflict", 409), ("limited", 429), ("not-found", 404)])
def test_a_refusal_on_a_page_is_a_page_with_its_status(anybody: Client, name: str, status: int) -> None:
    response = anybody.get(f"/test-raise/{name}")

    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
