"""What pages read of a request's body: no more than they need, and of a stranger never a file."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db
FORM = "multipart/form-data; boundary=x"
MIB = 2**20


class Body:
    """A request's body that says how much of it was read; longer than any test wants to wait for."""

    def __init__(self, size: int) -> None:
        self.left, self.given = size, 0

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        self.given += size
        return b"x" * size

    readline = read


def send(client: Client, path: str, size: int, *, chunked: bool = False, **headers: str) -> tuple[Any, int]:
    """POST a form of ``size`` bytes with a token that fits its own cookie; gives the answer and what was read."""
    body = Body(size)
    length: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked"} if chunked else {"CONTENT_LENGTH": str(size)}
    client.cookies["csrftoken"] = "a" * 32
    environment = {**length, "CONTENT_TYPE": FORM, "wsgi.input": body, "HTTP_X_CSRFTOKEN": "a" * 32, **headers}
    return client.generic("POST", path, **environment), body.given


@pytest.mark.parametrize(
    "path", ["/account/login/", "/", "/s/some-token", "/admin/login/", "/files/upload", "/dots/new/recording"]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_nobody_sends_more_than_a_page_needs(path: str, chunked: bool) -> None:
    response, read = send(Client(enforce_csrf_checks=True), path, 50 * MIB, chunked=chunked)

    assert response.status_code == 413
    assert read <= settings.MAX_BODY_BYTES + 2**16
    assert "<h1>" in response.content.decode()
    assert "sessionid" not in response.cookies


@pytest.mark.parametrize("path", ["/files/upload", "/dots/new/recording"])
def test_who_is_not_signed_in_is_told_to_send_a_file_afterwards(path: str) -> None:
    response, _read = send(Client(), path, 50 * MIB)

    assert "Sign in first" in response.content.decode()


@pytest.mark.parametrize("path", ["/files/upload", "/dots/new/recording", "/dots/2356789C/recordings/new"])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_account_sends_files_up_to_the_forms_limit(alice, path: str, chunked: bool) -> None:
    client = Client()
    client.force_login(alice)

    taken, _read = send(client, path, 3 * MIB, chunked=chunked)
    response, read = send(client, path, 10**12)

    assert taken.status_code != 413
    assert (response.status_code, read) == (413, 0)


def test_other_pages_of_an_account_take_no_more_than_a_strangers(alice) -> None:
    client = Client()
    client.force_login(alice)

    response, read = send(client, "/dots/new", 3 * MIB)

    assert (response.status_code, read) == (413, 0)
    assert "larger than 2 MiB" in response.content.decode()


def test_a_forged_form_is_refused_before_its_file_is_stored(alice) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    file = io.BytesIO(b"Sow beans.")
    file.name = "plan.txt"

    assert client.post("/files/upload", {"file": file}).status_code == 403


@pytest.mark.parametrize("length", ["-1", "x", "²"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    assert Client().post("/account/login/", {}, CONTENT_LENGTH=length).status_code == 400


def test_what_players_tell_keeps_its_own_limit_and_answer() -> None:
    response, read = send(Client(), "/d/2356789C/events", 50 * MIB, chunked=True)

    assert response.status_code == 413
    assert response.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert read <= 2**17
