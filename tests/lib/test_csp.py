"""What a browser may load for an answer."""

import pytest


def directives(response):
    return {part.strip() for part in response["Content-Security-Policy"].split(";")}


@pytest.mark.parametrize("path", ["/api/v1/voices", "/api/v1/nothing", "/healthz"])
def test_json_may_load_nothing(client, db, path):
    response = client.get(path)

    assert response["Content-Type"].startswith("application/json")
    assert directives(response) == {"default-src 'none'", "frame-ancestors 'none'"}


def test_a_page_may_load_what_we_serve(client, db):
    found = directives(client.get("/"))

    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= found
    assert not [directive for directive in found if "unsafe" in directive]


def test_the_back_office_has_a_looser_one(client, db):
    found = directives(client.get("/admin/login/"))

    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in found
