"""Every address of S3 is signed as Signature Version 4 says, and binds what it has to: computed anew, without boto3."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.uploads.sigv4 import expected_signature, signature_of, signed_headers
from uploads.storage.s3 import S3Store

KEY = "audio/2026/11/0b6f9d0c-0000-4000-8000-000000000000.mp3"
SECRET = "a-made-up/secret+with=signs"
UPLOAD_ID = "VXBsb2Fk+SUQ/with=signs.and_more-"
PLACES = [
    pytest.param({"region": "us-east-1"}, id="us-east-1"),
    pytest.param({"region": "eu-central-1"}, id="eu-central-1"),
    pytest.param({"region": "eu-central-1", "addressing_style": "path"}, id="path"),
    pytest.param({"region": "us-east-1", "endpoint_url": "https://minio.example.org:9000"}, id="compatible server"),
    pytest.param(
        {"region": "us-east-1", "endpoint_url": "https://s3.example.org", "addressing_style": "virtual"},
        id="compatible server with host names",
    ),
]


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


def query_of(url):
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("length", [None, 1, 104_857_600])
def test_a_put_binds_type_length_and_that_nothing_is_there(place, length):
    put = S3Store(bucket="dots", **place).presign_put(KEY, "audio/mpeg", length, 900)

    assert signature_of(put.url) == expected_signature("PUT", put.url, put.headers, SECRET, place["region"])
    bound = ["content-type", "host", "if-none-match"]
    assert signed_headers(put.url) == (bound if length is None else ["content-length", *bound])
    expected = {"Content-Type": "audio/mpeg", "If-None-Match": "*"}
    assert put.headers == (expected if length is None else {**expected, "Content-Length": str(length)})


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("length", [None, 8_388_608])
def test_a_part_binds_its_upload_number_and_length(place, length):
    part = S3Store(bucket="dots", **place).presign_part(KEY, UPLOAD_ID, 17, length, 600)

    headers = {} if length is None else {"Content-Length": str(length)}
    assert signature_of(part.url) == expected_signature("PUT", part.url, headers, SECRET, place["region"])
    assert signed_headers(part.url) == (["host"] if length is None else ["content-length", "host"])
    assert (query_of(part.url)["partNumber"], query_of(part.url)["uploadId"]) == ("17", UPLOAD_ID)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "options", [{}, {"file_name": "Grüße aus Zürich.mp3"}, {"file_name": "a b&c=d+e.mp3", "content_type": "audio/mp4"}]
)
def test_a_get_binds_the_name_and_type_that_are_answered(place, options):
    url = S3Store(bucket="dots", **place).url(KEY, 600, **options)

    assert signature_of(url) == expected_signature("GET", url, {}, SECRET, place["region"])
    assert signed_headers(url) == ["host"]
    assert query_of(url)["X-Amz-Expires"] == "900"  # 600 asked for, and half as long again for the cache
    assert query_of(url).get("response-content-type") == options.get("content_type")
    assert ("response-content-disposition" in query_of(url)) == ("file_name" in options)


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ({"region": "us-east-1"}, "https://dots.s3.us-east-1.amazonaws.com/"),
        ({"region": "eu-central-1"}, "https://dots.s3.eu-central-1.amazonaws.com/"),
        ({"region": "eu-central-1", "addressing_style": "path"}, "https://s3.eu-central-1.amazonaws.com/dots/"),
        ({"region": "x", "endpoint_url": "https://s3.example.org"}, "https://s3.example.org/dots/"),
        (
            {"region": "x", "endpoint_url": "https://s3.example.org", "addressing_style": "virtual"},
            "https://dots.s3.example.org/",
        ),
    ],
)
def test_an_address_is_for_exactly_one_key_at_the_place_that_is_configured(place, address):
    store = S3Store(bucket="dots", **place)

    for url in (store.url(KEY, 60), store.presign_put(KEY, "audio/mpeg", None, 60).url):
        assert url.partition("?")[0] == f"{address}{KEY}"


def test_an_address_says_who_signed_when_and_until_when():
    before = datetime.now(UTC)

    put = S3Store(bucket="dots", region="eu-central-1").presign_put(KEY, "audio/mpeg", None, 3600)

    query = query_of(put.url)
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Credential"] == f"AKIDEXAMPLE/{query['X-Amz-Date'][:8]}/eu-central-1/s3/aws4_request"
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert before.replace(microsecond=0) <= signed_at <= datetime.now(UTC)
    assert query["X-Amz-Expires"] == "3600"
    assert abs(put.expires_at - signed_at - timedelta(hours=1)) <= timedelta(seconds=1)


def test_the_token_of_a_role_is_part_of_what_is_signed(monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token/of+a=role")

    put = S3Store(bucket="dots", region="eu-central-1").presign_put(KEY, "audio/mpeg", 5, 60)

    assert query_of(put.url)["X-Amz-Security-Token"] == "a token/of+a=role"
    assert signature_of(put.url) == expected_signature("PUT", put.url, put.headers, SECRET, "eu-central-1")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("PUT", {"Content-Type": "text/html"}),
        ("PUT", {"Content-Length": "6"}),
        ("PUT", {"If-None-Match": '"an-etag"'}),
    ],
)
def test_a_request_that_differs_has_another_signature(method, headers):
    put = S3Store(bucket="dots", region="eu-central-1").presign_put(KEY, "audio/mpeg", 5, 60)

    other = expected_signature(method, put.url, {**put.headers, **headers}, SECRET, "eu-central-1")

    assert other != signature_of(put.url)


def test_another_key_has_another_signature():
    put = S3Store(bucket="dots", region="eu-central-1").presign_put(KEY, "audio/mpeg", 5, 60)
    elsewhere = put.url.replace("0b6f9d0c", "1b6f9d0c")

    assert expected_signature("PUT", elsewhere, put.headers, SECRET, "eu-central-1") != signature_of(put.url)


def test_the_computation_of_these_tests_agrees_with_the_published_example():
    # The example of AWS's own description: GET /test.txt of examplebucket on 24 May 2013.
    url = (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )

    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    assert expected_signature("GET", url, {}, secret, "us-east-1") == signature_of(url)
