"""Error pages: the right status, a sentence, the request's id, no cookie and no question to the database."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from micdots.lib import error_pages
from micdots.lib.errors import Forbidden, MicDotsError, RateLimited


def test_a_page_that_is_not_there(client: Client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = client.get("/no/such/page", headers={"X-Request-Id": "ask-about-7"})

    page = response.content.decode()
    assert response.status_code == 404
    assert "<h1>There is nothing here</h1>" in page
    assert "ask-about-7" in page
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"


def test_below_the_api_it_is_json(client: Client, db):
    response = client.get("/api/v1/no-such-thing")

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_FOUND"


def test_what_a_view_refuses_becomes_the_page_of_its_status():
    middleware = error_pages.ErrorPagesMiddleware(lambda request: None)
    request = RequestFactory().get("/")

    response = middleware.process_exception(request, Forbidden("Only for members."))
    assert response.status_code == 403
    assert "Only for members." in response.content.decode()
    limited = middleware.process_exception(request, RateLimited(retry_after=7))
    assert (limited.status_code, limited["Retry-After"]) == (429, "7")


def test_bugs_are_left_to_django():
    middleware = error_pages.ErrorPagesMiddleware(lambda request: None)
    request = RequestFactory().get("/")

    assert middleware.process_exception(request, ValueError("a bug")) is None
    assert middleware.process_exception(request, MicDotsError()) is None


@pytest.mark.parametrize(
    ("status", "heading"), [(413, "could not be read"), (500, "our side"), (502, "our side"), (503, "Not available")]
)
def test_a_status_without_a_page_of_its_own_gets_the_one_of_its_class(status, heading):
    response = error_pages.error_page(status)

    assert response.status_code == status
    assert heading in response.content.decode()
