"""Both object stores, so that the same tests run over each: a folder, and S3 behind a real HTTP server (moto's)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from uploads.storage import ObjectStore
from uploads.storage import store as configured_store
from uploads.storage.local import LocalStore
from uploads.storage.s3 import S3Store

BUCKET = "micdots-test"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3 server of this test process alone."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_settings(s3_endpoint: str, settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """MicDots configured for an empty bucket; gives the server's address."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    settings.S3_BUCKET, settings.S3_REGION, settings.S3_ENDPOINT_URL = BUCKET, "eu-central-1", s3_endpoint
    client = boto3.client("s3", region_name="eu-central-1", endpoint_url=s3_endpoint)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield s3_endpoint
    bucket = boto3.resource("s3", region_name="eu-central-1", endpoint_url=s3_endpoint).Bucket(BUCKET)
    for upload in bucket.multipart_uploads.all():
        upload.abort()
    bucket.object_versions.all().delete()
    bucket.delete()


@pytest.fixture
def local_store(settings, tmp_path: Path) -> LocalStore:
    settings.S3_BUCKET = ""
    settings.MEDIA_DIR = tmp_path / "media"
    found = configured_store()
    assert isinstance(found, LocalStore)
    return found


@pytest.fixture
def s3_store(s3_settings: str) -> S3Store:
    found = configured_store()
    assert isinstance(found, S3Store)
    return found


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """The configured store, once the local one and once S3."""
    found: ObjectStore = request.getfixturevalue(f"{request.param}_store")
    return found
