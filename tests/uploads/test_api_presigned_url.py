"""``GET {scope}/uploads/presigned-url``, to the letter of API.md, section 6."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from accounts.models import User
from tests.factories import make_owner, make_user
from uploads.models import Upload, UploadEvent

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


ADMINISTRATORS = "You do not have permission to upload to this scope. The 'admin' scope requires administrator role."


def url(scope: str = "audio") -> str:
    return f"/api/v1/{scope}/uploads/presigned-url"


@pytest.fixture
def ask(api, alice, local_store):
    client = api(alice)

    def ask(scope: str = "audio", **parameters):
        wanted = {"fileName": "Grüße.mp3", "contentType": "audio/mpeg", **parameters}
        return client.get(url(scope), {name: value for name, value in wanted.items() if value is not None})

    return ask


def refused(response) -> dict[str, list[str]]:
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["code"], error["message"]) == ("VALIDATION_ERROR", "Invalid request parameters.")
    return error["details"]


def test_it_signs_an_address(ask, alice):
    before = timezone.now()

    response = ask(fileSize=1234)

    assert response.status_code == 200
    data = response.json()["data"]
    assert set(data) == {
        "presignedUrl", "fileKey", "bucketName", "expiresIn", "expiresAt", "uploadId", "contentType", "requiredHeaders",
    }  # fmt: skip
    assert re.fullmatch(rf"audio/{before:%Y/%m}/[0-9a-f-]{{36}}\.mp3", data["fileKey"])
    assert data["contentType"] == "audio/mpeg"
    assert data["expiresIn"] == 900
    assert data["expiresAt"].endswith("Z")
    left = datetime.fromisoformat(data["expiresAt"]) - before
    assert timedelta(seconds=895) < left <= timedelta(seconds=901)
    assert data["requiredHeaders"] == {"Content-Type": "audio/mpeg", "If-None-Match": "*", "Content-Length": "1234"}
    assert urlsplit(data["presignedUrl"]).path == f"/media/{data['fileKey']}"
    upload = Upload.objects.get(public_id=uuid.UUID(data["uploadId"]))
    assert (upload.owner, upload.status, upload.key, upload.file_name) == (
        alice,
        "pending",
        data["fileKey"],
        "Grüße.mp3",
    )
    assert (upload.declared_bytes, upload.scope) == (1234, "audio")


def test_s3_signs_with_version_4_what_has_to_be_sent(api, alice, s3_store):
    response = api(alice).get(url("files"), {"fileName": "a.pdf", "contentType": "application/pdf", "fileSize": 10})

    data = response.json()["data"]
    query = parse_qs(urlsplit(data["presignedUrl"]).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host;if-none-match"]
    assert data["bucketName"] == "micdots-test"


@pytest.mark.parametrize("scope", ["audio", "qr-codes", "temp", "files"])
def test_every_scope_signs_its_own_keys(ask, scope):
    name, content_type = ("a.png", "image/png") if scope == "qr-codes" else ("a.mp3", "audio/mpeg")

    assert ask(scope, fileName=name, contentType=content_type).json()["data"]["fileKey"].startswith(f"{scope}/")


@pytest.mark.parametrize(("asked", "given"), [("60", 60), ("3600", 3600), (None, 900)])
def test_the_life_of_an_address_can_be_chosen(ask, asked, given):
    assert ask(expiresIn=asked).json()["data"]["expiresIn"] == given


@pytest.mark.parametrize("asked", ["0", "-1", "59", "3601", "1000000000", "abc", "", "9.5", "1e3", "٦٠"])
def test_a_wrong_life_is_named(ask, asked):
    assert set(refused(ask(expiresIn=asked))) == {"expiresIn"}


def test_what_is_missing_is_named(api, alice, local_store):
    details = refused(api(alice).get(url()))

    assert details == {
        "fileName": ["File name is required"],
        "contentType": ["Content type must be a valid MIME type"],
    }


@pytest.mark.parametrize("name", ["", "   ", "...", "/", "a/", "\u202e"])
def test_a_name_is_needed(ask, name):
    assert refused(ask(fileName=name)) == {"fileName": ["File name is required"]}


@pytest.mark.parametrize(
    "content_type", ["", "mp3", "audio/", "/mpeg", "audio mpeg", "audio/mp eg", "a\0/b", "*/*", "ä/b"]
)
def test_a_type_has_to_be_one(ask, content_type):
    assert refused(ask(contentType=content_type)) == {"contentType": ["Content type must be a valid MIME type"]}


@pytest.mark.parametrize(
    ("scope", "content_type"),
    [
        ("audio", "image/png"),
        ("audio", "video/mp4"),
        ("audio", "text/html"),
        ("qr-codes", "audio/mpeg"),
        ("files", "text/html"),
        ("files", "application/javascript"),
        ("temp", "application/x-msdownload"),
    ],
)
def test_each_scope_has_its_types(ask, scope, content_type):
    assert set(refused(ask(scope, fileName="a", contentType=content_type))) == {"contentType"}


def test_the_types_of_a_scope_are_configurable(ask, settings):
    settings.UPLOAD_CONTENT_TYPES = {**settings.UPLOAD_CONTENT_TYPES, "audio": ["audio/flac"]}

    assert set(refused(ask())) == {"contentType"}
    assert ask(fileName="a.flac", contentType="audio/flac").status_code == 200


@pytest.mark.parametrize(
    ("name", "content_type", "kept", "extension"),
    [
        ("take 1.WEBM", "audio/webm;codecs=opus", "audio/webm", "webm"),
        ("take 1", "Audio/WebM; codecs=opus", "audio/webm", "webm"),
        ("Mr. Smith", "audio/mpeg", "audio/mpeg", "mp3"),
        (".mp3", "audio/mpeg", "audio/mpeg", "mp3"),
        ("memo.opus", "audio/ogg", "audio/ogg", "opus"),
        ("memo.wav", "audio/x-wav", "audio/wav", "wav"),
        ("photo.jpeg", "image/jpg", "image/jpeg", "jpeg"),
        ("letter.docx", DOCX, DOCX, "docx"),
    ],
)
def test_the_extension_comes_from_name_or_type(ask, name, content_type, kept, extension):
    data = ask("files", fileName=name, contentType=content_type).json()["data"]

    assert data["contentType"] == kept
    assert data["fileKey"].endswith(f".{extension}")


@pytest.mark.parametrize("name", ["a.exe", "a.mp3.exe", "a.png", "a.php", "a.mp3x"])
def test_the_extension_has_to_belong_to_the_type(ask, name):
    assert set(refused(ask(fileName=name))) == {"fileName"}


@pytest.mark.parametrize("name", ["x" * 5000 + ".mp3", "a\0b.mp3", "a\x1b.mp3", "a\x85.mp3"])
def test_a_name_has_limits(ask, name):
    assert set(refused(ask(fileName=name))) == {"fileName"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/song.mp3", "song.mp3"),
        ("C:\\music\\song.mp3", "song.mp3"),
        ("\u202e3pm.gnos.mp3", "3pm.gnos.mp3"),
        ("歌 🎵.mp3", "歌 🎵.mp3"),
        ("a\u2066b\u2069.mp3", "ab.mp3"),
    ],
)
def test_of_a_name_the_harmless_part_is_kept(ask, sent, kept):
    data = ask(fileName=sent).json()["data"]

    assert Upload.objects.get(public_id=data["uploadId"]).file_name == kept
    assert re.fullmatch(r"audio/\d{4}/\d{2}/[0-9a-f-]{36}\.mp3", data["fileKey"])


@pytest.mark.parametrize("size", ["0", "-1", "abc", str(100 * 1024**2 + 1), "9" * 30])
def test_a_size_has_limits(ask, size):
    assert set(refused(ask(fileSize=size))) == {"fileSize"}


def test_the_limit_itself_is_allowed(ask, settings):
    settings.UPLOAD_MAX_BYTES = 1000

    assert ask(fileSize="1000").status_code == 200
    assert set(refused(ask(fileSize="1001"))) == {"fileSize"}


def test_a_full_storage_signs_nothing(ask, alice):
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=500)

    assert ask(fileSize=500).status_code == 200
    response = ask(fileSize=501)

    assert response.status_code == 403
    error = response.json()["error"]
    assert (error["code"], error["details"]) == ("QUOTA_EXCEEDED", {"limit": 500, "used": 0})


def test_without_credentials_it_is_401(db, api, local_store):
    response = api().get(url(), {"fileName": "a.mp3", "contentType": "audio/mpeg"})

    assert response.status_code == 401
    assert response.json()["error"] == {"code": "UNAUTHORIZED", "message": "Authentication required."}


@pytest.mark.parametrize("authorization", ["Bearer none-of-ours", "Bearer", "Api-Key x"])
def test_with_credentials_that_are_not_valid_it_is_the_same(db, api, local_store, authorization):
    response = api().get(url(), HTTP_AUTHORIZATION=authorization)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert UploadEvent.objects.get().reason == "UNAUTHORIZED"
    assert response.json()["error"] == {"code": "UNAUTHORIZED", "message": "Authentication required."}


@pytest.mark.parametrize("parameters", [{}, {"contentType": "no type"}, {"expiresIn": "1"}])
def test_a_scope_that_is_not_theirs_is_told_before_their_parameters(api, alice, local_store, parameters):
    error = api(alice).get(url("admin"), parameters).json()["error"]

    assert (error["code"], error["message"]) == ("FORBIDDEN", ADMINISTRATORS)


def test_the_admin_scope_is_for_administrators(ask, api, local_store):
    response = ask("admin")

    assert response.status_code == 403
    error = response.json()["error"]
    assert error["code"] == "FORBIDDEN"
    assert error["message"] == ADMINISTRATORS
    staff = make_user(is_staff=True)
    parameters = {"fileName": "a.mp3", "contentType": "audio/mpeg"}
    assert api(staff).get(url("admin"), parameters).status_code == 403
    assert api(make_owner()).get(url("admin"), parameters).json()["data"]["fileKey"].startswith("admin/")


@pytest.mark.parametrize("scope", ["images", "Audio", "..", "audio%2F..", "qr_codes"])
def test_an_unknown_scope_is_404(ask, scope):
    response = ask(scope)

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_405(api, alice, method):
    response = getattr(api(alice), method)(url())

    assert response.status_code == 405
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


def test_it_is_limited(ask, settings):
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "uploads": "2/m"}

    assert [ask().status_code for _time in range(3)] == [200, 200, 429]


def test_every_ask_is_in_the_log(ask, api, alice):
    ask()
    ask(contentType="text/html")
    ask("admin")
    User.objects.filter(pk=alice.pk).update(storage_quota_bytes=0)
    ask()
    api().get(url("temp"), REMOTE_ADDR="203.0.113.77")

    lines = list(UploadEvent.objects.order_by("pk").values_list("account", "scope", "action", "reason", "address"))
    assert lines == [
        (alice.pk, "audio", "signed", "", "127.0.0.0/24"),
        (alice.pk, "audio", "refused", "VALIDATION_ERROR (contentType)", "127.0.0.0/24"),
        (alice.pk, "admin", "refused", "FORBIDDEN", "127.0.0.0/24"),
        (alice.pk, "audio", "refused", "QUOTA_EXCEEDED", "127.0.0.0/24"),
        (None, "temp", "refused", "UNAUTHORIZED", "203.0.113.0/24"),
    ]
