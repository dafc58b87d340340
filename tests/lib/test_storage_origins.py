"""The origins that a page's policy names are those that boto3 comes to."""

import pytest

from micdots.lib.storage_origins import storage_origins
from uploads.storage.s3 import S3Store


@pytest.mark.parametrize("style", ["auto", "path", "virtual"])
@pytest.mark.parametrize(
    ("region", "endpoint_url", "bucket"),
    [
        ("us-east-1", "", "dots"),
        ("eu-central-1", "", "dots"),
        ("eu-central-1", "", "my.dots"),
        ("cn-north-1", "", "dots"),
        ("us-east-1", "https://s3.example.org", "dots"),
        ("us-east-1", "https://s3.example.org:9000", "my.dots"),
        ("us-east-1", "http://storage:7070", "my.dots"),
        ("us-east-1", "http://127.0.0.1:9000", "dots"),
        ("us-east-1", "http://[::1]:9000", "dots"),
    ],
)
def test_the_bucket_is_where_boto3_says(monkeypatch, region, endpoint_url, bucket, style):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    store = S3Store(bucket=bucket, region=region, endpoint_url=endpoint_url, addressing_style=style)

    (origin,) = storage_origins(
        bucket=bucket, region=region, endpoint_url=endpoint_url, addressing_style=style, cloudfront_domain=""
    )

    assert origin == store.origin


def test_with_cloudfront_pages_write_to_the_bucket_and_read_from_the_distribution():
    origins = storage_origins(
        bucket="dots",
        region="eu-central-1",
        endpoint_url="",
        addressing_style="auto",
        cloudfront_domain="media.example.org",
    )

    assert origins == ["https://dots.s3.eu-central-1.amazonaws.com", "https://media.example.org"]


def test_without_a_bucket_there_is_no_other_origin():
    assert not storage_origins(
        bucket="", region="us-east-1", endpoint_url="", addressing_style="auto", cloudfront_domain="x.example.org"
    )
