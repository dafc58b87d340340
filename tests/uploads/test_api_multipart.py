"""Uploads in parts, over both stores: begin, sign, put, complete, abort."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import User
from tests.uploads import samples
from uploads import services
from uploads.models import Upload, UploadEvent
from uploads.storage import ObjectStore

MIB = 1024 * 1024
PART = 5 * MIB
Put = Callable[[str, bytes], tuple[int, str]]


def long_wave() -> bytes:
    """Some 12 MiB of sound that takes no time to make: silence, but for its header."""
    header = bytearray(samples.wav()[:78])
    at = header.find(b"data")
    data = bytes(12 * MIB)
    header[at + 4 : at + 8] = len(data).to_bytes(4, "little")
    header[4:8] = (at + len(data)).to_bytes(4, "little")
    return bytes(header[: at + 8]) + data


@pytest.fixture(autouse=True)
def _parts_of_5_mib(settings):
    settings.MULTIPART_PART_BYTES = PART


@pytest.fixture
def put() -> Put:
    def put(url: str, body: bytes) -> tuple[int, str]:
        """Status and ETag."""
        parts = urlsplit(url)
        if parts.netloc == "testserver":
            answer = Client().put(f"{parts.path}?{parts.query}", body, content_type="")
            return answer.status_code, answer.get("ETag", "")
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        connection.request("PUT", f"{parts.path}?{parts.query}", body)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, response.headers.get("ETag", "")

    return put


@pytest.fixture
def begin(api, alice):
    client = api(alice)

    def begin(size: int, scope: str = "audio", **fields: Any):
        body = {"fileName": "long.wav", "contentType": "audio/wav", "fileSize": size, **fields}
        return client.post(f"/api/v1/{scope}/uploads/multipart", body, format="json")

    return begin


def send_parts(put: Put, data: dict[str, Any], content: bytes) -> list[dict[str, Any]]:
    named = []
    for part in data["parts"]:
        start = (part["partNumber"] - 1) * data["partSize"]
        status, etag = put(part["presignedUrl"], content[start : start + data["partSize"]])
        assert status == 200
        named.append({"partNumber": part["partNumber"], "eTag": etag})
    return named


def test_parts_become_a_file(api, begin, put, store: ObjectStore, alice):
    content = long_wave()
    response = begin(len(content))

    assert response.status_code == 201
    data = response.json()["data"]
    assert set(data) >= {"uploadId", "fileKey", "partSize", "parts"}
    assert data["partSize"] == PART
    assert [part["partNumber"] for part in data["parts"]] == [1, 2, 3]
    assert set(data["parts"][0]) == {"partNumber", "presignedUrl", "expiresAt"}
    named = send_parts(put, data, content)
    answer = api(alice).post(f"/api/v1/uploads/{data['uploadId']}/complete", {"parts": named}, format="json")

    assert answer.status_code == 200
    found = answer.json()["data"]
    assert (found["bytes"], found["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert found["durationSeconds"] == pytest.approx(len(content) / 2 / 48_000, abs=0.1)
    again = api(alice).post(f"/api/v1/uploads/{data['uploadId']}/complete", {"parts": named}, format="json")
    assert again.json() == answer.json()


def test_a_part_can_be_signed_and_sent_again(api, begin, put, store, alice):
    content = long_wave()
    data = begin(len(content)).json()["data"]
    named = send_parts(put, data, content[:PART] + bytes(PART) + content[2 * PART :])
    fresh = api(alice).post(f"/api/v1/uploads/{data['uploadId']}/parts", {"partNumbers": [2]}, format="json")
    assert fresh.status_code == 200
    [part] = fresh.json()["data"]["parts"]
    assert part["partNumber"] == 2
    status, etag = put(part["presignedUrl"], content[PART : 2 * PART])
    assert status == 200
    named[1]["eTag"] = etag

    answer = api(alice).post(f"/api/v1/uploads/{data['uploadId']}/complete", {"parts": named}, format="json")

    assert answer.json()["data"]["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("wrong", ["missing", "other etag", "turned round", "none", "twice"])
def test_parts_that_are_not_those_are_refused_and_it_goes_on(api, begin, put, store, alice, wrong):
    content = long_wave()
    data = begin(len(content)).json()["data"]
    named = send_parts(put, data, content)
    sent = {
        "missing": [*named[:2], {"partNumber": 4, "eTag": named[2]["eTag"]}],
        "other etag": [{"partNumber": 1, "eTag": f'"{"0" * 32}"'}, *named[1:]],
        "turned round": named[::-1],
        "none": [],
        "twice": [named[0], *named],
    }[wrong]
    address = f"/api/v1/uploads/{data['uploadId']}/complete"

    response = api(alice).post(address, {"parts": sent}, format="json")

    assert response.status_code == 400
    assert set(response.json()["error"]["details"]) == {"parts"}
    assert api(alice).post(address, {"parts": named}, format="json").status_code == 200


def test_fewer_parts_than_announced_are_another_size(api, begin, put, local_store, alice):
    content = long_wave()
    data = begin(len(content)).json()["data"]
    named = send_parts(put, data, content)

    response = api(alice).post(f"/api/v1/uploads/{data['uploadId']}/complete", {"parts": named[:2]}, format="json")

    assert response.status_code == 400
    assert Upload.objects.get(public_id=data["uploadId"]).status == "rejected"


def test_a_crash_between_putting_together_and_looking_is_gone_on_from(api, begin, put, store, alice):
    content = long_wave()
    data = begin(len(content)).json()["data"]
    named = send_parts(put, data, content)
    upload = Upload.objects.get(public_id=data["uploadId"])
    store.complete_multipart(upload.key, upload.storage_upload_id, [(p["partNumber"], p["eTag"]) for p in named])

    response = api(alice).post(f"/api/v1/uploads/{data['uploadId']}/complete", {"parts": named}, format="json")

    assert response.status_code == 200


def test_the_length_of_each_part_is_signed(begin, put, local_store):
    data = begin(PART + 100).json()["data"]

    assert put(data["parts"][0]["presignedUrl"], bytes(PART - 1))[0] == 403
    assert put(data["parts"][1]["presignedUrl"], bytes(101))[0] == 403
    assert put(data["parts"][1]["presignedUrl"], bytes(100))[0] == 200


def test_a_part_cannot_be_put_as_another(begin, put, local_store):
    url = begin(3 * PART).json()["data"]["parts"][0]["presignedUrl"]

    assert put(url.replace("partNumber=1", "partNumber=2"), bytes(PART))[0] == 403


def test_an_upload_that_is_given_up_leaves_nothing(
    api, begin, put, local_store, alice, django_capture_on_commit_callbacks
):
    data = begin(2 * PART).json()["data"]
    assert put(data["parts"][0]["presignedUrl"], bytes(PART))[0] == 200

    with django_capture_on_commit_callbacks(execute=True):
        assert api(alice).delete(f"/api/v1/uploads/{data['uploadId']}").status_code == 204

    assert put(data["parts"][1]["presignedUrl"], bytes(PART))[0] == 404
    left = [path for path in local_store._folder.rglob("*") if path.is_file()]
    assert left == []


def test_an_upload_that_is_given_up_is_aborted_in_s3(begin, api, s3_store, alice, django_capture_on_commit_callbacks):
    data = begin(2 * PART).json()["data"]
    upload = Upload.objects.get(public_id=data["uploadId"])
    assert s3_store.parts(upload.key, upload.storage_upload_id) == []

    with django_capture_on_commit_callbacks(execute=True):
        api(alice).delete(f"/api/v1/uploads/{data['uploadId']}")

    assert s3_store.remove_unfinished(older_than_seconds=-60) == 0


def test_what_nobody_ends_is_swept(begin, put, local_store):
    data = begin(2 * PART).json()["data"]
    put(data["parts"][0]["presignedUrl"], bytes(PART))

    assert local_store.remove_unfinished(older_than_seconds=3600) == 0
    assert local_store.remove_unfinished(older_than_seconds=-60) == 1
    assert put(data["parts"][1]["presignedUrl"], bytes(PART))[0] == 404


def test_a_large_upload_has_a_hundred_parts_signed_at_a_time(api, begin, local_store, alice, settings):
    settings.MULTIPART_PART_BYTES = 8 * MIB
    data = begin(2 * 1024 * MIB).json()["data"]

    assert len(data["parts"]) == 100
    address = f"/api/v1/uploads/{data['uploadId']}/parts"
    rest = api(alice).post(address, {"partNumbers": list(range(101, 201))}, format="json")
    assert [part["partNumber"] for part in rest.json()["data"]["parts"]] == list(range(101, 201))
    for wrong in ([257], [0], [], list(range(1, 102)), ["1"], "1", None):
        response = api(alice).post(address, {"partNumbers": wrong}, format="json")
        assert response.status_code == 400
        assert any(name.startswith("partNumbers") for name in response.json()["error"]["details"])


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"fileSize": 2 * 1024 * MIB + 1}, "fileSize"),
        ({"fileSize": 0}, "fileSize"),
        ({"fileSize": "7"}, "fileSize"),
        ({"fileSize": None}, "fileSize"),
        ({"fileName": ""}, "fileName"),
        ({"fileName": 7}, "fileName"),
        ({"contentType": "text/html"}, "contentType"),
        ({"contentType": "nonsense"}, "contentType"),
    ],
)
def test_bad_input_is_named(begin, local_store, fields, wrong):
    response = begin(PART, **fields)

    assert response.status_code == 400
    assert response.json()["error"]["message"] == "Invalid request parameters."
    assert set(response.json()["error"]["details"]) == {wrong}


def test_who_may_begin(api, begin, local_store, alice):
    assert api().post("/api/v1/audio/uploads/multipart").status_code == 401
    assert begin(PART, scope="admin").status_code == 403
    assert begin(PART, scope="other").status_code == 404
    assert api(alice).get("/api/v1/audio/uploads/multipart").status_code == 405
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=PART - 1)
    assert begin(PART).json()["error"]["code"] == "QUOTA_EXCEEDED"
    refusals = UploadEvent.objects.filter(action="refused").order_by("pk").values_list("scope", "reason")
    assert list(refusals) == [("audio", "UNAUTHORIZED"), ("admin", "FORBIDDEN"), ("audio", "QUOTA_EXCEEDED")]


def test_a_repeated_request_begins_one_upload(api, local_store, alice):
    body = {"fileName": "long.wav", "contentType": "audio/wav", "fileSize": PART}

    answers = [
        api(alice).post("/api/v1/audio/uploads/multipart", body, format="json", headers={"Idempotency-Key": "once"})
        for _time in range(2)
    ]

    assert answers[0].json() == answers[1].json()
    assert Upload.objects.count() == 1


def test_an_upload_in_one_piece_has_no_parts(api, local_store, alice):
    upload = services.request_upload(owner=alice, scope="audio", file_name="a.mp3", content_type="audio/mpeg").upload

    response = api(alice).post(f"/api/v1/uploads/{upload.public_id}/parts", {"partNumbers": [1]}, format="json")

    assert response.status_code == 409
