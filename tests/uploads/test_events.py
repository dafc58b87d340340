"""The record of uploads: every address that was signed, every refusal and every failure leaves a line."""

from __future__ import annotations

import io
import json

import pytest

from micdots.lib.errors import Conflict, MicDotsError
from tests.uploads.uploading import signed_upload
from uploads import services
from uploads.models import UploadEvent
from uploads.storage import StorageError
from uploads.storage.local import LocalStore

pytestmark = pytest.mark.django_db
SIGN = "/files/uploads"
ADDRESS = "192.0.2.77"
NETWORK = "192.0.2.0/24"


@pytest.fixture
def web(client, alice):
    client.force_login(alice)
    return client


def lines() -> list[tuple[str, str]]:
    """Action and outcome of every line, oldest first."""
    return list(UploadEvent.objects.order_by("pk").values_list("action", "reason"))


def ask(client, url=SIGN, **body):
    return client.post(url, json.dumps(body), content_type="application/json", REMOTE_ADDR=ADDRESS)


def begin(owner, parts=2):
    return services.start_multipart(
        owner=owner, scope="files", file_name="plan.txt", content_type="text/plain", file_size=parts * 5 * 1024**2
    ).upload


@pytest.fixture
def _small_parts(settings):
    settings.MULTIPART_PART_BYTES = 5 * 1024**2


@pytest.mark.usefixtures("_small_parts")
def test_addresses_of_parts_are_logged_with_their_number(local_store, web, alice):
    upload = begin(alice, parts=3)
    assert ask(web, f"{SIGN}/{upload.public_id}/parts", partNumbers=[1, 3]).status_code == 200

    assert lines() == [("signed", "parts 3"), ("signed", "parts 2")]
    line = UploadEvent.objects.latest("pk")
    assert (line.account, line.address, line.scope, line.upload) == (alice, NETWORK, "files", upload)


@pytest.mark.usefixtures("_small_parts")
def test_parts_that_are_refused_are_logged(local_store, web, alice):
    upload = begin(alice)
    single = signed_upload(alice)
    UploadEvent.objects.all().delete()

    assert ask(web, f"{SIGN}/{upload.public_id}/parts", partNumbers=[3]).status_code == 400
    assert ask(web, f"{SIGN}/{upload.public_id}/parts", partNumbers="all").status_code == 400
    with pytest.raises(Conflict):
        services.sign_parts(upload=single, part_numbers=[1])

    assert lines() == [
        ("refused", "VALIDATION_ERROR (part_numbers)"),
        ("refused", "VALIDATION_ERROR (partNumbers)"),
        ("refused", "CONFLICT"),
    ]


@pytest.mark.parametrize(
    ("body", "quota", "scope", "reason"),
    [
        (
            {"fileName": "plan.exe", "contentType": "application/x-msdownload"},
            None,
            "files",
            "VALIDATION_ERROR (content_type)",
        ),
        ({"fileName": "plan.exe"}, None, "files", "VALIDATION_ERROR (file_name)"),
        ({}, 0, "files", "QUOTA_EXCEEDED"),
        ({"scope": "admin"}, None, "", "VALIDATION_ERROR (scope)"),
        ({"size": "many"}, None, "", "VALIDATION_ERROR (size)"),
    ],
)
def test_what_the_pages_script_is_refused_is_logged(web, alice, body, quota, scope, reason):
    alice.storage_quota_bytes = quota
    alice.save()

    assert ask(web, **{"fileName": "plan.txt", "contentType": "text/plain", "size": 5, **body}).status_code >= 400

    assert lines() == [("refused", reason)]
    line = UploadEvent.objects.get()
    assert (line.account, line.address, line.scope) == (alice, NETWORK, scope)


def store_form(owner, content=b"Sow beans.\n", name="plan.txt", content_type="text/plain"):
    return services.store_form_file(
        owner=owner,
        file=io.BytesIO(content),
        file_name=name,
        content_type=content_type,
        size=len(content),
        address=ADDRESS,
    )


@pytest.mark.parametrize(
    ("sent", "quota", "line"),
    [
        ({"content_type": "application/x-msdownload"}, None, ("refused", "VALIDATION_ERROR (content_type)")),
        ({"name": "plan.exe"}, None, ("refused", "VALIDATION_ERROR (file_name)")),
        ({}, 0, ("refused", "QUOTA_EXCEEDED")),
        ({"content": b""}, None, ("rejected", "This file is empty.")),
    ],
)
def test_a_form_that_is_refused_is_logged(local_store, alice, sent, quota, line):
    alice.storage_quota_bytes = quota
    alice.save()

    with pytest.raises(MicDotsError):
        store_form(alice, **sent)

    assert lines() == [line]
    assert UploadEvent.objects.get().address == NETWORK


def test_a_form_that_the_storage_did_not_take_is_logged(local_store, alice, monkeypatch):
    def refuse(*_args, **_more):
        raise StorageError

    monkeypatch.setattr(LocalStore, "put", refuse)

    with pytest.raises(StorageError):
        store_form(alice)

    assert lines() == [("failed", "SERVICE_UNAVAILABLE")]
