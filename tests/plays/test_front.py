"""The play page as it is given in front of Django: the same as Django's, and never older than a second."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.utils import timezone

from generations import services
from generations.models import Dot, Generation
from plays import front, spool
from plays.models import Event
from plays.preferences import change_preferences
from tests.factories import make_generation
from tests.plays.dots import make_live_dot

pytestmark = pytest.mark.django_db


@dataclass
class Answer:
    status: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Visitor:
    """Somebody whose requests go the way of a web server's: through the front, past Django's test client."""

    def __init__(self) -> None:
        self.asked_django = 0
        django = WSGIHandler()

        def counted(environ: dict[str, Any], start_response: Any) -> Any:
            self.asked_django += 1
            return django(environ, start_response)

        self.front = front.Front(counted)

    def get(self, path: str, *, method: str = "GET", query: str = "", **environ: Any) -> Answer:
        told: list[Any] = []
        answer = self.front(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "SCRIPT_NAME": "",
                "HTTP_HOST": "testserver",
                "SERVER_NAME": "testserver",
                "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "REMOTE_ADDR": "127.0.0.1",
                "wsgi.url_scheme": "http",
                "wsgi.input": io.BytesIO(),
                "wsgi.errors": sys.stderr,
                **environ,
            },
            lambda *status_and_headers: told.append(status_and_headers),
        )
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        ((status, headers, *_rest),) = told
        return Answer(status, dict(headers), body)


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    # As Django's own test client: the end of a request would close the connection of the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield Visitor()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def always_looked_up(monkeypatch) -> None:
    """As if half a second went by between any two requests."""
    monkeypatch.setattr(front, "FRESH_SECONDS", -1)
    monkeypatch.setattr(front, "STALE_SECONDS", -1)


@pytest.fixture
def dot(alice):
    return make_live_dot(owner=alice, title="The mill", languages=("en-GB", "es"))


def scans_on(dot) -> int:
    dot.refresh_from_db()
    return dot.scans_count


# --- The same as Django's ---------------------------------------------------------------------------------------------


def test_the_second_answer_is_the_first_with_an_id_of_its_own(visitor, dot, spooled, django_assert_num_queries):
    first = visitor.get(f"/d/{dot.code}")
    visitor.get(f"/d/{dot.code}")
    with django_assert_num_queries(0):
        again = visitor.get(f"/d/{dot.code}")

    assert visitor.asked_django == 1
    assert (again.status, again.body) == (first.status, first.body)
    assert "The mill" in again.text
    assert len(again.headers["X-Request-Id"]) == 32
    assert again.headers.pop("X-Request-Id") != first.headers.pop("X-Request-Id")
    assert again.headers == first.headers
    assert again.headers["Cache-Control"] == "no-cache, private"
    assert "nonce" not in again.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in again.headers


def test_its_headers_are_those_that_django_gives_without_a_front(client, visitor, dot):
    visitor.get(f"/d/{dot.code}")
    kept = visitor.get(f"/d/{dot.code}")
    plain = client.get(f"/d/{dot.code}")

    assert visitor.asked_django == 1, visitor.front._pages
    assert set(kept.headers) == {*plain.headers, "ETag"}
    for name in set(plain.headers) - {"X-Request-Id"}:
        assert kept.headers[name] == plain.headers[name]
    assert kept.body == plain.content


def test_each_answer_is_a_scan_by_its_own_address(visitor, dot):
    for path in (f"/d/{dot.code}", f"/Q/{dot.code}", f"/q/{dot.code.lower()}", f"/D/{dot.code}/"):
        visitor.get(path)
        visitor.get(path, HTTP_SEC_PURPOSE="prefetch")
        visitor.get(path, HTTP_USER_AGENT="Googlebot/2.1")

    assert visitor.asked_django == 1
    assert scans_on(dot) == 4
    assert Event.objects.filter(is_bot=False, is_printed=True).count() == 2
    assert Event.objects.filter(is_bot=True).count() == 4


def test_the_callers_own_request_id_comes_back(visitor, dot):
    for _again in range(2):
        assert visitor.get(f"/d/{dot.code}", HTTP_X_REQUEST_ID="mine-7").headers["X-Request-Id"] == "mine-7"
        assert visitor.get(f"/d/{dot.code}", HTTP_X_REQUEST_ID="a\nb").headers["X-Request-Id"] != "a\nb"


def test_who_has_it_already_gets_304_and_is_counted(visitor, dot):
    etag = visitor.get(f"/d/{dot.code}").headers["ETag"]

    again = visitor.get(f"/d/{dot.code}", HTTP_IF_NONE_MATCH=etag)

    assert (again.status, again.body) == ("304 Not Modified", b"")
    assert again.headers["ETag"] == etag
    assert "Content-Length" not in again.headers
    assert visitor.get(f"/d/{dot.code}", HTTP_IF_NONE_MATCH='W/"other"').status == "200 OK"
    assert scans_on(dot) == 3


def test_head_goes_to_django_and_is_no_scan(visitor, dot):
    visitor.get(f"/d/{dot.code}")
    assert visitor.get(f"/d/{dot.code}", method="HEAD").status == "200 OK"

    assert visitor.asked_django == 2
    assert scans_on(dot) == 1


def test_each_language_has_its_own_page_and_its_own_count(visitor, dot):
    for _again in range(2):
        assert 'data-language="en-GB"' in visitor.get(f"/d/{dot.code}").text
        assert 'data-language="es"' in visitor.get(f"/d/{dot.code}", query="language=es").text
        for header in ("es-MX,es;q=0.9,en;q=0.1", "es-MX, es;q=0.8, en;q=0.7"):  # the same wish
            assert 'data-language="es"' in visitor.get(f"/d/{dot.code}", HTTP_ACCEPT_LANGUAGE=header).text

    assert visitor.asked_django == 3
    assert Event.objects.filter(language="es").count() == 6


@pytest.mark.parametrize(
    ("path", "environ"),
    [
        ("/d/{code}", {"query": "utm_source=mail"}),
        ("/d/{code}", {"query": "token=abc"}),
        ("/d/{code}", {"query": "language=en&language=es"}),
        ("/d/{code}", {"HTTP_COOKIE": "django_language=es"}),
        ("/d/{code}", {"HTTP_ACCEPT_LANGUAGE": "es," * 400}),
        ("/d/{code}/audio.mp3", {}),
        ("/d/{code}/captions.vtt", {}),
        ("/healthz", {}),
    ],
)
def test_what_is_out_of_the_ordinary_goes_to_django_each_time(visitor, dot, path, environ):
    for _again in range(2):
        visitor.get(path.format(code=dot.code), **environ)

    assert visitor.asked_django == 2


def test_a_foreign_host_and_https_are_judged_by_django(visitor, dot, settings):
    settings.SECURE_HSTS_SECONDS = 60  # read when Django's handler is made
    visitor = Visitor()
    visitor.get(f"/d/{dot.code}")

    for _again in range(2):
        assert visitor.get(f"/d/{dot.code}", HTTP_HOST="evil.example").status.startswith("400")
        secure = visitor.get(f"/d/{dot.code}", **{"wsgi.url_scheme": "https"})
        assert "Strict-Transport-Security" in secure.headers
        assert "Strict-Transport-Security" not in visitor.get(f"/d/{dot.code}").headers
        forged = visitor.get(f"/d/{dot.code}", HTTP_X_FORWARDED_PROTO="https")
        assert "Strict-Transport-Security" not in forged.headers


def test_only_a_trusted_proxy_says_that_it_was_https_and_who_the_visitor_is(visitor, dot, settings):
    settings.SECURE_HSTS_SECONDS = 60
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    visitor = Visitor()
    told = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}

    for _again in range(2):
        through_proxy = visitor.get(f"/d/{dot.code}", REMOTE_ADDR="10.1.2.3", **told)
        assert "Strict-Transport-Security" in through_proxy.headers
        forged = visitor.get(f"/d/{dot.code}", REMOTE_ADDR="198.51.100.9", **told)
        assert "Strict-Transport-Security" not in forged.headers

    assert Event.objects.values("visitor").distinct().count() == 2


def test_https_is_asked_for_as_django_does(visitor, dot, settings):
    settings.SECURE_SSL_REDIRECT = True
    visitor = Visitor()

    for _again in range(2):
        assert visitor.get(f"/d/{dot.code}").status.startswith("301")
        assert visitor.get(f"/d/{dot.code}", **{"wsgi.url_scheme": "https"}).status == "200 OK"


def test_unknown_codes_paused_dots_and_passwords_are_never_kept(visitor, alice):
    paused = make_live_dot(owner=alice, is_active=False)
    hidden = make_live_dot(owner=alice, password="pbkdf2$hash")
    counted_down = make_live_dot(owner=alice, max_plays=5)

    for _again in range(2):
        assert visitor.get("/d/777777").status.startswith("404")
        assert visitor.get(f"/d/{paused.code}").status.startswith("410")
        assert "password" in visitor.get(f"/d/{hidden.code}").text
        assert visitor.get(f"/d/{counted_down.code}").status.startswith("200")

    assert visitor.asked_django == 8
    assert scans_on(counted_down) == 2


# --- Never older than a second ----------------------------------------------------------------------------------------


def new_version(dot: Dot) -> None:
    make_generation(owner=dot.owner, dot=dot, text="A newer text.", status=Generation.Status.READY, language="en-GB")


def new_language(dot: Dot) -> None:
    make_generation(owner=dot.owner, dot=dot, text="Hallo.", status=Generation.Status.READY, language="de")


def new_captions(dot: Dot) -> None:
    generation = dot.renditions.get(language="en-GB").generation
    vtt = "WEBVTT\n\n00:00.000 --> 00:01.000\nEdited by hand.\n"
    services.set_captions(generation=generation, vtt=vtt)


def lose_language(dot: Dot) -> None:
    services.delete_generation(generation=dot.renditions.get(language="es").generation)


def block(dot: Dot) -> None:
    Dot.objects.filter(pk=dot.pk).update(blocked_at=timezone.now())


def erase(dot: Dot) -> None:
    services.erase_account(account=dot.owner)


def changing(**changes: Any) -> Any:
    def change(dot: Dot) -> None:
        services.update_dot(dot=dot, changes=changes)

    change.__name__ = "_".join(changes)
    return change


CHANGES = [
    (changing(title="Another title"), "Another title"),
    (changing(description="Something about it"), "Something about it"),
    (changing(autoplay=False), "<mic-player"),
    (changing(slug="the-mill"), "/d/the-mill"),
    (changing(link={"label": "More", "url": "https://example.org/more"}), "https://example.org/more"),
    (changing(default_language="es"), 'data-language="es"'),
    (changing(is_active=False), "paused"),
    (changing(password="open sesame"), "This needs a password"),
    (changing(starts_at=timezone.now() + timedelta(days=1)), "scheduled for later"),
    (changing(expires_at=timezone.now() - timedelta(days=1)), "expired"),
    (changing(max_plays=3), "token="),
    (lambda dot: services.delete_dot(dot=dot), "deleted"),
    (block, "blocked"),
    (erase, "deleted"),
    (new_version, "A newer text."),
    (new_language, 'lang="de"'),
    (new_captions, "Edited by hand."),
    (lose_language, "<mic-player"),
]


@pytest.mark.parametrize(("change", "shown"), CHANGES)
def test_a_change_is_shown_at_once_where_it_is_looked_up(visitor, dot, always_looked_up, change, shown):
    before = visitor.get(f"/d/{dot.code}")
    assert visitor.get(f"/d/{dot.code}").body == before.body
    assert visitor.asked_django == 1

    change(dot)
    after = visitor.get(f"/d/{dot.code}")

    assert after.body != before.body
    assert shown in after.text


def test_what_the_owner_wants_written_down_is_heeded_as_soon(visitor, dot, always_looked_up):
    for _again in range(2):
        visitor.get(f"/d/{dot.code}", HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Firefox/130.0")
    change_preferences(account=dot.owner, keeps_attributes=False, wants_weekly_mail=False, now=timezone.now())
    visitor.get(f"/d/{dot.code}")

    assert list(Event.objects.order_by("pk").values_list("visitor", flat=True))[2] == ""


def test_counting_changes_no_page(visitor, dot, always_looked_up):
    for _again in range(5):
        visitor.get(f"/d/{dot.code}")

    assert visitor.asked_django == 1
    assert scans_on(dot) == 5


def test_it_is_looked_up_after_half_a_second_and_not_before(visitor, dot, spooled, django_assert_num_queries):
    visitor.get(f"/d/{dot.code}")
    visitor.get(f"/d/{dot.code}")
    (watched,) = visitor.front._watched.values()
    watched.checked_at = time.monotonic() - 0.3
    with django_assert_num_queries(0):
        visitor.get(f"/d/{dot.code}")
    watched.checked_at = time.monotonic() - 0.6
    with django_assert_num_queries(1):
        visitor.get(f"/d/{dot.code}")


def test_an_expired_dot_is_not_given_again_whatever_was_looked_up_when(visitor, alice):
    dot = make_live_dot(owner=alice, expires_at=timezone.now() + timedelta(seconds=1))
    assert visitor.get(f"/d/{dot.code}").status == "200 OK"
    (page,) = visitor.front._pages.values()
    assert page.until == dot.expires_at.timestamp()

    time.sleep(max(0, page.until - time.time()))

    assert visitor.get(f"/d/{dot.code}").status.startswith("410")


def test_a_change_while_the_page_was_drawn_is_not_missed(visitor, dot, always_looked_up):
    """What the page depends on is read before the page is."""
    django = visitor.front._django

    def change_meanwhile(environ: dict[str, Any], start_response: Any) -> Any:
        answer = django(environ, start_response)
        Dot.objects.filter(pk=dot.pk).update(title="Changed meanwhile")
        return answer

    visitor.front._django = change_meanwhile
    assert "The mill" in visitor.get(f"/d/{dot.code}").text
    visitor.front._django = django

    assert "Changed meanwhile" in visitor.get(f"/d/{dot.code}").text


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_leaves_the_judgement_to_django(visitor, dot, always_looked_up):
    visitor.get(f"/d/{dot.code}")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE generations_rendition RENAME TO elsewhere")
    try:
        answer = visitor.get(f"/d/{dot.code}")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO generations_rendition")

    assert answer.status.startswith("500")
    assert visitor.get(f"/d/{dot.code}").status == "200 OK"


# --- Bounded ----------------------------------------------------------------------------------------------------------


def test_memory_is_bounded_by_entries_and_by_bytes(visitor, alice, monkeypatch):
    dots = [make_live_dot(owner=alice, title=f"Dot {number}") for number in range(6)]
    monkeypatch.setattr(front, "ENTRIES_AT_MOST", 4)
    for dot in dots:
        visitor.get(f"/d/{dot.code}")
    assert len(visitor.front._pages) == 4

    size = len(visitor.get(f"/d/{dots[-1].code}").body)
    monkeypatch.setattr(front, "BYTES_AT_MOST", 2 * size + size // 2)
    visitor.get(f"/d/{dots[0].code}")
    assert len(visitor.front._pages) == 2
    assert visitor.front._bytes == sum(len(page.body) for page in visitor.front._pages.values())


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_all_answered_and_counted(visitor, dot, spooled):
    statuses: list[str] = []

    def ask() -> None:
        statuses.extend(visitor.get(f"/q/{dot.code}").status for _again in range(50))
        connection.close()

    threads = [threading.Thread(target=ask) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == ["200 OK"] * 400
    assert spool.take_in_all() == 400
    assert scans_on(dot) == 400
