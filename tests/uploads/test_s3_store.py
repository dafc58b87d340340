"""What only S3 has to stand: services that are down, busy, or wrongly configured; and how its addresses are signed."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest

from tests.uploads.conftest import BUCKET
from tests.uploads.look_alike import look_alike
from uploads.exceptions import InvalidParts, ObjectNotFound, StorageError
from uploads.storage import new_key, s3_client
from uploads.storage import store as configured_store
from uploads.storage.s3 import S3Store

KEY = "audio/2026/11/one.mp3"


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-made-up-secret")


@pytest.fixture
def one_attempt(monkeypatch):
    monkeypatch.setattr(s3_client, "ATTEMPTS", 1)


class Fault(BaseHTTPRequestHandler):
    """Answers with the statuses and S3 codes that ``server.plan`` has in store, one a request."""

    def answer(self):
        self.server.seen += 1
        status, code = self.server.plan[min(self.server.seen, len(self.server.plan)) - 1]
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if status >= 400 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_DELETE = do_POST = answer

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def faulty_server(credentials):
    with HTTPServer(("127.0.0.1", 0), Fault) as server:
        server.plan, server.seen = [], 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def store_at(server) -> S3Store:
    return S3Store(bucket="b", region="us-east-1", endpoint_url=f"http://127.0.0.1:{server.server_port}")


def test_the_client_is_held(s3_settings):
    assert configured_store() is configured_store()


def test_nobody_listening_is_an_error_that_may_pass(credentials, one_attempt):
    with HTTPServer(("127.0.0.1", 0), Fault) as server:
        port = server.server_port
    closed = S3Store(bucket="b", region="us-east-1", endpoint_url=f"http://127.0.0.1:{port}")

    for call in (lambda: closed.put(KEY, b"x", "audio/mpeg"), lambda: closed.stat(KEY), closed.check):
        with pytest.raises(StorageError) as caught:
            call()
        assert (caught.value.permanent, caught.value.code) == (False, "SERVICE_UNAVAILABLE")


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (503, "SlowDown", False),
        (500, "InternalError", False),
        (429, "TooManyRequests", False),
        (400, "RequestTimeout", False),
        (403, "AccessDenied", True),
        (403, "InvalidAccessKeyId", True),
        (404, "NoSuchBucket", True),
    ],
)
def test_a_refusal_says_whether_trying_again_can_help(faulty_server, one_attempt, status, code, permanent):
    faulty_server.plan = [(status, code)]

    with pytest.raises(StorageError) as caught:
        store_at(faulty_server).open(KEY)

    assert not isinstance(caught.value, ObjectNotFound)
    assert caught.value.permanent is permanent


def test_a_busy_service_is_asked_again(faulty_server):
    faulty_server.plan = [(503, "SlowDown"), (204, "")]

    store_at(faulty_server).abort_multipart(KEY, "an-upload")

    assert faulty_server.seen == 2


def test_a_connection_cut_in_the_middle_of_an_object_is_an_error(credentials, one_attempt):
    class Cut(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"only so much")

        def log_message(self, *_arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Cut) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stream = store_at(server).open(KEY)
        with pytest.raises(StorageError) as caught:
            stream.read()
        stream.close()
        server.shutdown()
    assert not caught.value.permanent


def test_without_credentials_an_operator_is_needed(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(StorageError) as caught:
        S3Store(bucket="b", region="us-east-1")

    assert caught.value.permanent


def test_leftover_parts_of_a_killed_upload_are_swept(s3_store, s3_settings):
    client = boto3.client("s3", region_name="eu-central-1", endpoint_url=s3_settings)
    client.create_multipart_upload(Bucket="micdots-test", Key=new_key("audio", "mp3"))

    assert s3_store.remove_unfinished(older_than_seconds=10**9) == 0
    assert s3_store.remove_unfinished(older_than_seconds=-60) == 1
    assert s3_store.remove_unfinished(older_than_seconds=-60) == 0


def test_amazon_gets_the_buckets_own_host_and_others_get_a_path(credentials):
    amazon = S3Store(bucket="dots", region="eu-central-1")
    other = S3Store(bucket="dots", region="eu-central-1", endpoint_url="https://minio.example.org:9000")

    assert amazon.origin == "https://dots.s3.eu-central-1.amazonaws.com"
    assert other.origin == "https://minio.example.org:9000"
    assert other.url(KEY, 60).startswith(f"https://minio.example.org:9000/dots/{KEY}?")


def test_deleting_removes_every_version_of_this_object_alone(s3_store, s3_settings):
    client = boto3.client("s3", region_name="eu-central-1", endpoint_url=s3_settings)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    key = new_key("audio", "mp3")
    beside = f"{key}4"  # begins like it
    for body in (b"first", b"second"):
        s3_store.put(key, body, "audio/mpeg")
    client.put_object(Bucket=BUCKET, Key=beside, Body=b"another")
    client.delete_object(Bucket=BUCKET, Key=key)  # past MicDots: leaves a marker

    s3_store.delete(key)

    left = client.list_object_versions(Bucket=BUCKET)
    assert [version["Key"] for version in left["Versions"]] == [beside]
    assert "DeleteMarkers" not in left


def test_a_server_without_versions_deletes_what_there_is(s3_store, s3_settings, settings):
    key = new_key("audio", "mp3")
    s3_store.put(key, b"sound", "audio/mpeg")
    with look_alike(s3_settings) as server:
        server.answers = {"versions": (501, "NotImplemented")}
        settings.S3_ENDPOINT_URL = server.url

        configured_store().delete(key)

    assert s3_store.stat(key) is None


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "NoSuchUpload", ObjectNotFound),
        (400, "InvalidPart", InvalidParts),
        (400, "InvalidPartOrder", InvalidParts),
        (400, "EntityTooSmall", InvalidParts),
        (403, "AccessDenied", StorageError),
        (503, "SlowDown", StorageError),
    ],
)
def test_what_s3_says_to_a_completion_has_its_meaning(faulty_server, one_attempt, status, code, expected):
    faulty_server.plan = [(status, code)]

    with pytest.raises(expected) as caught:
        store_at(faulty_server).complete_multipart(KEY, "an-upload", [(1, "an-etag")])

    assert type(caught.value) is expected


def test_an_upload_that_is_over_can_be_aborted(faulty_server, one_attempt):
    faulty_server.plan = [(404, "NoSuchUpload")]

    store_at(faulty_server).abort_multipart(KEY, "an-upload")

    assert faulty_server.seen == 1
