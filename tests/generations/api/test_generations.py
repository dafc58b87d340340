"""POST and GET generations: asking for a voice, and the list of what was asked for."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import TokenEntry, User
from generations import pipeline, services
from generations.models import Dot, Generation
from generations.search import index_text
from tests.factories import make_dot, make_generation, make_user, make_voice
from tests.generations.api.checks import (
    GENERATION,
    NO_SUCH_ID,
    both_forms,
    data_of,
    refused,
    rows_of,
    strangers,
    walk,
    wrong_methods,
)
from uploads.storage import new_key

pytestmark = pytest.mark.django_db
URL = "/api/v1/generations"
TEXT = "Welcome to the old town hall."


@pytest.fixture
def client(api, alice, voice):
    return api(alice)


def ask(client, headers=None, url=URL, **body):
    return client.post(url, {"text": TEXT, **body}, format="json", headers=headers)


def balance(user: User) -> int:
    return User.objects.get(pk=user.pk).token_balance


# --- POST ----------------------------------------------------------------------------------------------------------


def test_a_text_is_accepted_and_shown_as_it_stands(client, alice, settings):
    body = data_of(ask(client), 202)

    generation = Generation.objects.select_related("dot").get()
    created = generation.created_at.isoformat().replace("+00:00", "Z")
    assert body == {
        "id": str(generation.public_id),
        "dotId": str(generation.dot.public_id),
        "title": TEXT,
        "status": "queued",
        "progress": 0,
        "awaiting": None,
        "dueAt": None,
        "replaces": None,
        "source": "text",
        "synthetic": True,
        "text": TEXT,
        "characters": 29,
        "tokens": 29,
        "refunded": False,
        "voice": "espeak:en-gb",
        "language": "en-GB",
        "speed": 1.0,
        "pitch": 1.0,
        "audio": None,
        "qr": None,
        "playUrl": f"{settings.SITE_URL}/d/{generation.dot.code}",
        "error": None,
        "createdAt": body["createdAt"],
        "startedAt": None,
        "finishedAt": None,
    }
    assert body["createdAt"].endswith("Z")
    assert created.startswith(body["createdAt"][:19])
    assert body.keys() == GENERATION
    assert balance(alice) == 10_000 - 29


def test_everything_that_can_be_wished_for(client, alice):
    german = make_voice(key="espeak:de", language="de")
    dot = make_dot(owner=alice, title="Rathaus")
    body = data_of(
        ask(
            client,
            voice=german.key,
            language="de-at",
            title="Zweite Fassung",
            speed=1.25,
            pitch=1,
            settings={},
            dotId=str(dot.public_id).upper(),
            nonsense={"ignored": True},
        ),
        202,
    )
    assert (body["voice"], body["language"], body["title"]) == ("espeak:de", "de-AT", "Zweite Fassung")
    assert (body["speed"], body["pitch"], body["dotId"]) == (1.25, 1.0, str(dot.public_id))
    dot.refresh_from_db()
    assert dot.title == "Rathaus"


def test_it_answers_with_a_slash_too_and_keeps_the_body(client):
    data_of(ask(client, url=f"{URL}/"), 202)
    assert Generation.objects.count() == 1


def test_the_accounts_voice_is_the_default_where_it_speaks_the_language(client, alice):
    make_voice(key="espeak:de", language="de")
    User.objects.filter(pk=alice.pk).update(default_voice="espeak:de")
    assert data_of(ask(client), 202)["voice"] == "espeak:de"
    assert data_of(ask(client, language="en"), 202)["voice"] == "espeak:en-gb"


def test_it_needs_credentials(api, voice):
    strangers(api, None, "post", URL, {"text": TEXT})
    assert not Generation.objects.exists()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"text": ""}, ["text"]),
        ({"text": "   "}, ["text"]),
        ({"text": "\u200b"}, ["text"]),
        ({"text": None}, ["text"]),
        ({"text": 7}, ["text"]),
        ({"text": ["a"]}, ["text"]),
        ({"text": "a\u0000b"}, ["text"]),
        ({"text": "a\u0007b"}, ["text"]),
        ({"text": "\ud83d"}, ["text"]),
        ({"text": "x" * 100_001}, ["text"]),
        ({"text": " " * 10_000}, ["text"]),
        ({}, ["text"]),
        ({"text": TEXT, "voice": "espeak:nobody"}, ["voice"]),
        ({"text": TEXT, "voice": ""}, ["voice"]),
        ({"text": TEXT, "voice": 7}, ["voice"]),
        ({"text": TEXT, "voice": "espeak:en-gb", "language": "de"}, ["voice"]),
        ({"text": TEXT, "language": "ja"}, ["language"]),
        ({"text": TEXT, "language": "english"}, ["language"]),
        ({"text": TEXT, "title": "t" * 121}, ["title"]),
        ({"text": TEXT, "title": 7}, ["title"]),
        ({"text": TEXT, "speed": 2.1}, ["speed"]),
        ({"text": TEXT, "speed": "1"}, ["speed"]),
        ({"text": TEXT, "speed": True}, ["speed"]),
        ({"text": TEXT, "pitch": 0.4}, ["pitch"]),
        ({"text": TEXT, "settings": []}, ["settings"]),
        ({"text": TEXT, "settings": {"stability": 0.5}}, ["settings"]),
        ({"text": TEXT, "dotId": "7"}, ["dotId"]),
        ({"text": TEXT, "dotId": 7}, ["dotId"]),
        ({"text": 7, "title": 7, "speed": "fast"}, ["text", "title", "speed"]),
    ],
)
def test_bad_input_is_named_and_costs_nothing(client, alice, body, fields):
    raw = json.dumps(body)  # escapes half a surrogate pair, as a careless client does
    refused(client.post(URL, raw, content_type="application/json"), 400, "VALIDATION_ERROR", *fields)
    assert balance(alice) == 10_000
    assert not Dot.objects.exists()


def test_more_than_two_mebibytes_are_not_read(client):
    refused(ask(client, text="x" * (2 * 1024 * 1024)), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"text"', b"\xff", b'{"text": NaN}', b"[" * 20_000])
def test_what_is_no_json_object_is_refused(client, raw):
    refused(client.post(URL, raw, content_type="application/json"), 400, "VALIDATION_ERROR", "body")


def test_a_form_is_no_json(client):
    refused(
        client.post(URL, "text=hello", content_type="application/x-www-form-urlencoded"), 415, "UNSUPPORTED_MEDIA_TYPE"
    )


@pytest.mark.parametrize("text", ["[" * 20_000, "a" * 50_000, "🎉", "مرحبا", '"' * 20_000])
def test_odd_texts_are_accepted(api, voice, text):
    rich = make_user(tokens=100_000)
    assert data_of(ask(api(rich), text=text), 202)["tokens"] == len(text)


def test_too_few_tokens_are_told_with_figures(api, voice):
    poor = make_user(tokens=28)
    error = refused(ask(api(poor)), 402, "INSUFFICIENT_TOKENS")
    assert error["details"] == {"required": 29, "available": 28}
    assert not Dot.objects.exists()


def test_an_upload_or_a_dot_that_is_not_there_is_not_found(client, charlie):
    others = make_dot(owner=charlie)
    for body in ({"dotId": NO_SUCH_ID}, {"dotId": str(others.public_id)}):
        refused(ask(client, **body), 404, "NOT_FOUND")
    refused(client.post(URL, {"uploadId": NO_SUCH_ID, "language": "en"}, format="json"), 404, "NOT_FOUND")


def test_a_dot_in_the_bin_is_a_conflict(client, alice):
    dot = make_dot(owner=alice)
    services.delete_dot(dot=dot)
    refused(ask(client, dotId=str(dot.public_id)), 409, "CONFLICT")


def test_the_same_again_costs_nothing(client, alice):
    first = data_of(ask(client), 202)
    pipeline.fulfil(Generation.objects.get().pk)
    second = data_of(ask(client), 202)
    assert (first["tokens"], second["tokens"]) == (29, 0)
    assert second["id"] != first["id"]
    assert balance(alice) == 10_000 - 29


def test_one_key_makes_one_generation(client, alice, bells, django_capture_on_commit_callbacks):
    key = {"Idempotency-Key": "a-key"}
    with django_capture_on_commit_callbacks(execute=True):
        first = ask(client, key)
        again = ask(client, key)

    assert data_of(again, 202) == data_of(first, 202)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Generation.objects.count() == 1
    assert balance(alice) == 10_000 - 29
    assert len(bells) == 1
    refused(ask(client, key, text="Something else."), 409, "CONFLICT")
    assert data_of(ask(client, {"Idempotency-Key": "b-key"}), 202)["id"] != first.json()["data"]["id"]


def test_somebody_elses_key_is_another_one(client, api, bob):
    key = {"Idempotency-Key": "a-key"}
    assert data_of(ask(client, key), 202)["id"] != data_of(ask(api(bob), key), 202)["id"]


def test_a_refusal_is_repeated_and_charges_nothing(api, voice):
    poor = make_user(tokens=28)
    for _time in range(2):
        refused(ask(api(poor), {"Idempotency-Key": "a-key"}), 402, "INSUFFICIENT_TOKENS")
    assert TokenEntry.objects.filter(account=poor, kind="charge").count() == 0


# --- GET -----------------------------------------------------------------------------------------------------------


def ids(response):
    return [row["id"] for row in rows_of(response)]


def test_the_list_holds_ones_own_newest_first(client, api, alice, charlie):
    rows = [make_generation(owner=alice, text=f"Text {number}.") for number in range(3)]
    assert ids(client.get(URL)) == [str(row.public_id) for row in reversed(rows)]
    assert ids(client.get(f"{URL}?sort=createdAt")) == [str(row.public_id) for row in rows]
    assert rows_of(client.get(URL))[0].keys() == GENERATION
    assert ids(api(charlie).get(URL)) == []
    refused(api().get(URL), 401, "UNAUTHORIZED")
    both_forms(client, URL)


def test_pages_show_every_row_once_while_rows_are_added(client, alice):
    rows = [make_generation(owner=alice, text=f"Text {number}.") for number in range(7)]
    seen = walk(client, f"{URL}?limit=2", meanwhile=lambda: make_generation(owner=alice, text="New."))
    assert [row["id"] for row in seen] == [str(row.public_id) for row in reversed(rows)]


def test_pages_go_with_filters(client, alice):
    for number in range(10):
        status = "failed" if number % 2 else "queued"
        make_generation(owner=alice, text=f"Town {number}.", status=status, search_text=index_text(f"Town {number}"))
    seen = walk(client, f"{URL}?limit=2&status=failed&q=town")
    assert [row["text"] for row in seen] == [f"Town {number}." for number in (9, 7, 5, 3, 1)]


def test_the_list_is_narrowed(client, alice):
    old = make_generation(owner=alice, text="Old words.", status="failed", search_text=index_text("Old words."))
    Generation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    new = make_generation(owner=alice, text="Fresh words.", language="es-419", search_text=index_text("Fresh words."))
    yesterday = quote((timezone.now() - timedelta(days=1)).isoformat())
    for query, row in (
        ("status=failed", old),
        ("status=queued", new),
        ("q=OLD", old),
        ("q=fre wor", new),
        ("language=es", new),
        ("language=en-GB", old),
        (f"dotId={new.dot.public_id}", new),
        (f"createdAfter={yesterday}", new),
        (f"createdBefore={yesterday}", old),
    ):
        assert ids(client.get(f"{URL}?{query}")) == [str(row.public_id)], query
    assert ids(client.get(f"{URL}?status=ready")) == []
    assert len(ids(client.get(f"{URL}?q=…!"))) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=done", "status"),
        ("status=", "status"),
        ("language=english", "language"),
        ("dotId=7", "dotId"),
        ("createdAfter=yesterday", "createdAfter"),
        ("createdBefore=2026-11-21", "createdBefore"),
        ("createdBefore=2026-11-21T00:00:00", "createdBefore"),
        ("sort=title", "sort"),
        ("limit=-1", "limit"),
        ("cursor=x", "cursor"),
        ("q=" + "%22" * 20_000, "q"),
        ("q=%00", "q"),
    ],
)
def test_bad_parameters_are_named(client, query, field):
    refused(client.get(f"{URL}?{query}"), 400, "VALIDATION_ERROR", field)


def test_somebody_elses_dot_as_a_filter_is_not_found(client, charlie):
    others = make_dot(owner=charlie)
    refused(client.get(f"{URL}?dotId={others.public_id}"), 404, "NOT_FOUND")


def test_there_are_no_other_methods(client):
    wrong_methods(client, URL, "GET", "POST")


def test_its_queries_do_not_grow_with_the_rows(client, alice):
    def queries(rows: int) -> int:
        for _row in range(rows):
            dot = make_dot(owner=alice, qr_drawn_at=timezone.now())
            make_generation(owner=alice, dot=dot, status="ready", audio_key=new_key("audio", "mp3"), duration_ms=1)
        with CaptureQueriesContext(connection) as counted:
            rows_of(client.get(f"{URL}?limit=100"))
        return len(counted)

    assert queries(1) == queries(20) <= 2
