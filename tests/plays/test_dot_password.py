"""A dot with a password: nothing is told before, and the page's own addresses carry a pass."""

from __future__ import annotations

import re
import uuid

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from generations.services import update_dot
from plays.models import Event
from plays.passes import PASS_SECONDS
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db

PASSWORD = "open sesame"


@pytest.fixture
def dot(alice):
    return make_live_dot(
        owner=alice, title="A secret title", description="A secret place", password=make_password(PASSWORD)
    )


def pass_in(page: str) -> str:
    return re.search(r"audio\.mp3\?language=en-GB&amp;token=([^\"&]+)", page)[1]


def test_before_it_there_is_a_form_and_nothing_of_the_dot(client: Client, dot):
    response = client.get(f"/d/{dot.code}")

    page = response.content.decode()
    assert response.status_code == 200
    assert 'type="password"' in page
    assert "csrfmiddlewaretoken" not in page
    assert response["Cache-Control"] == "no-store"
    for secret in ("A secret title", "A secret place", "Hello there", "audio.mp3"):
        assert secret not in page


def test_the_right_one_opens_the_page_whose_parts_answer(client: Client, dot):
    response = client.post(f"/d/{dot.code}", {"password": PASSWORD})

    page = response.content.decode()
    assert response.status_code == 200
    assert "A secret title" in page
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    token = pass_in(page)
    assert client.get(f"/d/{dot.code}/audio.mp3?language=en-GB&token={token}").status_code == 302
    assert client.get(f"/d/{dot.code}/captions.vtt?token={token}").status_code == 200
    assert client.get(f"/d/{dot.code}?language=en-GB&token={token}").status_code == 200


def test_the_form_works_where_csrf_is_checked(dot):
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(f"/d/{dot.code}", {"password": PASSWORD}).status_code == 200


def test_opening_the_form_is_the_scan_and_sending_it_is_none(client: Client, dot):
    client.get(f"/q/{dot.code}")
    client.post(f"/d/{dot.code}", {"password": PASSWORD})

    assert Event.objects.filter(kind="scan").count() == 1


def test_a_wrong_one_is_told_and_opens_nothing(client: Client, dot):
    for wrong in ("", "Open Sesame", "x" * 10_000, "\x00"):
        response = client.post(f"/d/{dot.code}", {"password": wrong})
        assert response.status_code == 403
        assert "That was not the password" in response.content.decode()
        assert "A secret title" not in response.content.decode()


@pytest.mark.parametrize("part", ["audio.mp3", "captions.vtt"])
@pytest.mark.parametrize("token", ["", "forged", "1:2", "%00"])
def test_without_a_valid_pass_its_parts_are_forbidden(client: Client, dot, part, token):
    assert client.get(f"/d/{dot.code}/{part}?token={token}").status_code == 403


def test_a_pass_is_for_one_dot_one_password_and_twelve_hours(client: Client, dot, alice, monkeypatch):
    other = make_live_dot(owner=alice, password=make_password(PASSWORD))
    token = pass_in(client.post(f"/d/{dot.code}", {"password": PASSWORD}).content.decode())

    assert client.get(f"/d/{other.code}/audio.mp3?token={token}").status_code == 403

    import time

    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + PASS_SECONDS - 60)
    assert client.get(f"/d/{dot.code}/audio.mp3?token={token}").status_code == 302
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + PASS_SECONDS + 60)
    assert client.get(f"/d/{dot.code}/audio.mp3?token={token}").status_code == 403
    monkeypatch.undo()

    update_dot(dot=dot, changes={"password": "another one"})
    assert client.get(f"/d/{dot.code}/audio.mp3?token={token}").status_code == 403


@pytest.fixture
def _three_a_minute(settings):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "dot_password": "3/m"}
    settings.REDIS_PREFIX = f"{uuid.uuid4()}:"


@pytest.mark.usefixtures("_three_a_minute")
def test_after_too_many_wrong_ones_the_right_one_is_refused_too(client: Client, dot):
    for _attempt in range(3):
        assert client.post(f"/d/{dot.code}", {"password": "wrong"}).status_code == 403

    response = client.post(f"/d/{dot.code}", {"password": PASSWORD})

    assert response.status_code == 429
    assert int(response["Retry-After"]) >= 1
    assert "Too many attempts" in response.content.decode()


@pytest.mark.usefixtures("_three_a_minute")
def test_the_right_one_uses_up_no_attempt(client: Client, dot):
    """A school class is one address."""
    headers = {"X-Dot-Password": PASSWORD}
    for _visitor in range(4):
        assert client.post(f"/d/{dot.code}", {"password": PASSWORD}).status_code == 200
        assert client.get(f"/api/v1/play/{dot.code}", headers=headers).status_code == 200
    wrong = [client.post(f"/d/{dot.code}", {"password": "wrong"}) for _attempt in range(4)]

    assert [answer.status_code for answer in wrong] == [403, 403, 403, 429]
    assert [answer["RateLimit"].split(";t=")[0] for answer in wrong][::3] == [
        '"dot_password";r=2',
        '"dot_password";r=0',
    ]
    assert client.get(f"/api/v1/play/{dot.code}", headers=headers).status_code == 429


@pytest.mark.usefixtures("_three_a_minute")
@pytest.mark.parametrize("password", ["pässwörd", "пароль 鍵", "naïve €"])
def test_a_program_sends_it_in_utf_8(client: Client, alice, password):
    dot = make_live_dot(owner=alice, password=make_password(password))
    address = f"/api/v1/play/{dot.code}"

    def ask(said: bytes):
        return client.get(
            address, headers={"X-Dot-Password": said.decode("latin-1")}
        ).status_code  # as WSGI hands it on

    assert ask(password.encode()) == 200
    # Each counts once, in however many ways it is read.
    assert [ask(wrong.encode()) for wrong in ("wröng", "\u043d\u0435\u0442", "ÿ", "wrong")] == [403, 403, 403, 429]


def test_latin_1_goes_on_being_read(client: Client, alice):
    dot = make_live_dot(owner=alice, password=make_password("pässwörd"))

    answer = client.get(f"/api/v1/play/{dot.code}", headers={"X-Dot-Password": "pässwörd"})

    assert answer.status_code == 200


def test_the_schema_says_how_it_is_sent(client: Client, db):
    schema = client.get("/api/v1/schema").content.decode()
    assert "`X-Dot-Password`, in UTF-8" in " ".join(schema.split())
