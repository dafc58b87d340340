"""Pages speak the language and the time of whoever is signed in; public pages do not look."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone, translation

from accounts.middleware import PreferencesMiddleware
from accounts.models import User


class Watched(HttpRequest):
    """A request that notices when somebody asks who is signed in."""

    looked = False

    def __init__(self, path: str, cookies: dict[str, str], user: Any = None) -> None:
        super().__init__()
        self.path, self.COOKIES, self._user = path, cookies, user

    @property
    def user(self) -> Any:
        self.looked = True
        return self._user


def pass_through(request: HttpRequest) -> tuple[str, str]:
    seen: list[tuple[str, str]] = []

    def page(_request: HttpRequest) -> HttpResponse:
        seen.append((translation.get_language(), timezone.get_current_timezone_name()))
        return HttpResponse()

    with translation.override("en"):
        PreferencesMiddleware(page)(request)
    return seen[0]


def test_a_signed_in_page_follows_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if pages were translated into every language.
    monkeypatch.setattr("accounts.middleware.page_language", lambda wanted: wanted)
    account = User(language="de", timezone="Asia/Tokyo")
    request = Watched("/account/profile/", {settings.SESSION_COOKIE_NAME: "x"}, account)

    assert pass_through(request) == ("de", "Asia/Tokyo")
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_zone_that_is_gone_becomes_utc() -> None:
    request = Watched("/home", {settings.SESSION_COOKIE_NAME: "x"}, User(timezone="Mars/Olympus"))

    assert pass_through(request) == ("en", "UTC")


@pytest.mark.parametrize("path", ["/d/ABC234", "/q/ABC234", "/api/v1/me", "/healthz"])
def test_public_pages_do_not_look_who_is_signed_in(path: str) -> None:
    request = Watched(path, {settings.SESSION_COOKIE_NAME: "x"}, User(language="de"))

    assert pass_through(request) == ("en", "UTC")
    assert not request.looked


def test_a_visitor_without_a_session_costs_no_question(
    db: None, client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/account/login/").status_code == 200
