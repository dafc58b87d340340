"""Share links: made by the API, opened by anybody who has them."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from micdots.lib.errors import Gone
from tests.factories import make_file
from tests.generations.api.checks import data_of, refused
from tests.uploads.addresses import get, name_header_of
from uploads import services
from uploads.models import File, FileShare
from uploads.services.shares import open_share, take_download
from uploads.storage import store

pytestmark = pytest.mark.django_db
SHARE = {"url", "expiresAt", "hasPassword", "maxDownloads", "downloads", "createdAt"}


@pytest.fixture
def file(alice) -> File:
    return make_file(owner=alice, file_name="Plan für Mai.txt", content=b"Sow beans.")


def path_of(share: FileShare) -> str:
    return f"/s/{share.token}"


# --- API -----------------------------------------------------------------------------------------------------------


def test_the_api_makes_a_link(api, alice, file, settings):
    later = timezone.now() + timedelta(days=1)
    body = {"expiresAt": later.isoformat(), "password": "tall-grass", "maxDownloads": 3}

    data = data_of(api(alice).post(f"/api/v1/files/{file.public_id}/share", body, format="json"), 201)

    share = FileShare.objects.get()
    assert data.keys() == SHARE
    assert data["url"] == f"{settings.SITE_URL}/s/{share.token}"
    assert (data["hasPassword"], data["maxDownloads"], data["downloads"]) == (True, 3, 0)
    assert "tall-grass" not in share.password


def test_a_new_link_ends_the_former(api, alice, file):
    client, url = api(alice), f"/api/v1/files/{file.public_id}/share"
    former = data_of(client.post(url, {}, format="json"), 201)
    data_of(client.post(url, {}, format="json"), 201)

    assert Client().get(former["url"].removeprefix("http://testserver")).status_code == 410


def test_taking_it_back_ends_it(api, alice, file):
    share = services.share_file(file=file)

    assert api(alice).delete(f"/api/v1/files/{file.public_id}/share").status_code == 204
    assert api(alice).delete(f"/api/v1/files/{file.public_id}/share").status_code == 204

    assert Client().get(path_of(share)).status_code == 410


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "tomorrow"}, "expiresAt"),
        ({"password": "abc"}, "password"),
        ({"maxDownloads": 0}, "maxDownloads"),
        ({"maxDownloads": "3"}, "maxDownloads"),
    ],
)
def test_a_wrong_limit_is_named(api, alice, file, body, field):
    url = f"/api/v1/files/{file.public_id}/share"
    refused(api(alice).post(url, body, format="json"), 400, "VALIDATION_ERROR", field)
    assert not FileShare.objects.exists()


def test_what_is_in_the_bin_is_not_shared(api, alice, file):
    share = services.share_file(file=file)
    services.delete_file(file=file)

    refused(api(alice).post(f"/api/v1/files/{file.public_id}/share", {}, format="json"), 409, "CONFLICT")
    assert Client().get(path_of(share)).status_code == 410


# --- The page ------------------------------------------------------------------------------------------------------


def test_the_page_says_what_it_is_and_sets_no_cookie(client, file):
    response = client.get(path_of(services.share_file(file=file)))

    page = response.content.decode()
    assert response.status_code == 200
    assert "Plan für Mai.txt" in page
    assert "10\xa0bytes" in page
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    # The form leads to the storage, and browsers hold the redirect to the policy as well.
    assert f"form-action 'self' {store().origin}" in response["Content-Security-Policy"]


def test_a_download_leads_to_the_object_and_is_counted(client, file):
    share = services.share_file(file=file)

    response = client.post(path_of(share))

    assert response.status_code == 302
    got = get(response.url)
    assert got.body == b"Sow beans."
    assert name_header_of(response.url).startswith("attachment")
    share.refresh_from_db()
    assert share.downloads_count == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_uses_no_download_up(client, file, method):
    share = services.share_file(file=file, max_downloads=1)

    assert getattr(client, method)(path_of(share)).status_code == 200

    share.refresh_from_db()
    assert share.downloads_count == 0


def test_it_asks_for_the_password(client, file):
    share = services.share_file(file=file, password="tall grass")

    assert 'type="password"' in client.get(path_of(share)).content.decode()
    wrong = client.post(path_of(share), {"password": "short grass"})
    right = client.post(path_of(share), {"password": "tall grass"})

    assert wrong.status_code == 403
    assert "That was not the password" in wrong.content.decode()
    assert right.status_code == 302
    share.refresh_from_db()
    assert share.downloads_count == 1


def test_attempts_on_the_password_are_limited(client, file, settings):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "share_password": "2/m"}
    share = services.share_file(file=file, password="tall grass")

    codes = [client.post(path_of(share), {"password": "guess"}).status_code for _number in range(3)]

    assert codes == [403, 403, 429]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "has expired"),
        ({"max_downloads": 2, "downloads_count": 2}, "used up"),
        ({"revoked_at": timezone.now()}, "no longer shared"),
    ],
)
def test_a_link_that_has_ended_says_why(client, file, changes, said):
    share = services.share_file(file=file)
    FileShare.objects.filter(pk=share.pk).update(**changes)

    for response in (client.get(path_of(share)), client.post(path_of(share))):
        assert response.status_code == 410
        page = response.content.decode()
        assert said in page
        assert "Plan für Mai" not in page


@pytest.mark.parametrize("token", ["nothing-of-the-kind", "%00", "a%00b", "x" * 500, "ü"])
def test_an_unknown_link_is_not_found(client, db, token):
    response = client.get(f"/s/{token}")
    assert response.status_code == 404
    assert "There is no such link" in response.content.decode()


def test_other_methods_are_refused(client, file):
    assert client.put(path_of(services.share_file(file=file))).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_as_many_get_it_as_may(alice):
    share = services.share_file(file=make_file(owner=alice, content=b"x"), max_downloads=3)
    opened = [open_share(share.token) for _number in range(6)]
    start, outcomes = Barrier(6), []

    def download(mine: FileShare) -> None:
        start.wait(timeout=20)
        try:
            take_download(mine)
            outcomes.append("taken")
        except Gone as gone:
            outcomes.append(gone.details["reason"])
        finally:
            connection.close()

    threads = [Thread(target=download, args=[mine]) for mine in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["taken"] * 3 + ["used_up"] * 3
    share.refresh_from_db()
    assert share.downloads_count == 3
