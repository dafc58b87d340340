"""Addresses through CloudFront: signed so that whoever has the public key can see it, and switched on by settings."""

import base64
import json
import re
import time
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from uploads.storage import new_key
from uploads.storage import store as configured_store
from uploads.storage.cloudfront import CloudFront, private_key


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def cloudfront_settings(settings, pem, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-made-up-secret")
    settings.S3_BUCKET, settings.S3_REGION, settings.S3_ENDPOINT_URL = "dots", "eu-central-1", ""
    settings.CLOUDFRONT_DOMAIN, settings.CLOUDFRONT_KEY_ID = "media.example.org", "K2JCJMDEHXQW5F"
    settings.CLOUDFRONT_KEY = pem
    return settings


def verify(url, public_key):
    """What CloudFront does when the request arrives: build the canned policy anew and try the signature on it."""
    resource, _, tail = re.split(r"([?&])(?=Expires=)", url, maxsplit=1)
    signed = dict(parse_qsl(tail, strict_parsing=True))
    policy = (
        '{"Statement":[{"Resource":"' + resource + '","Condition":{"DateLessThan":{"AWS:EpochTime":'
        + signed["Expires"] + "}}}]}"
    )  # fmt: skip
    json.loads(policy)
    signature = base64.b64decode(signed["Signature"].replace("-", "+").replace("_", "=").replace("~", "/"))
    public_key.verify(signature, policy.encode(), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - CloudFront's choice
    return resource, signed


@pytest.mark.parametrize(
    "options", [{}, {"file_name": "Grüße aus Zürich.mp3"}, {"file_name": 'a"b&c=d+e.mp3', "content_type": "audio/mp4"}]
)
def test_whoever_has_the_public_key_can_verify_an_address(cloudfront_settings, key, options):
    object_key = new_key("audio", "mp3")

    url = configured_store().signed_url(object_key, 600, **options)

    resource, signed = verify(url.url, key.public_key())
    parts = urlsplit(resource)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"https://media.example.org/{object_key}"
    assert signed["Key-Pair-Id"] == "K2JCJMDEHXQW5F"
    assert datetime.fromtimestamp(int(signed["Expires"]), UTC) == url.expires_at
    assert 600 <= int(signed["Expires"]) - time.time() <= 900
    asked = dict(parse_qsl(parts.query))
    assert asked.get("response-content-type") == options.get("content_type")
    assert ("response-content-disposition" in asked) == ("file_name" in options)


@pytest.mark.parametrize(("old", "new"), [("audio/", "files/"), ("Expires=1", "Expires=2"), ("audio%2F", "text%2F")])
def test_an_address_that_was_changed_does_not_verify(cloudfront_settings, key, old, new):
    url = configured_store().url(new_key("audio", "mp3"), 600, content_type="audio/mpeg")
    assert old in url

    with pytest.raises(InvalidSignature):
        verify(url.replace(old, new, 1), key.public_key())


def test_the_same_object_has_the_same_address_for_a_while(cloudfront_settings):
    object_key = new_key("audio", "mp3")

    assert configured_store().url(object_key, 600) == configured_store().url(object_key, 600)
    assert configured_store().url(object_key, 600) != configured_store().url(object_key, 600, file_name="a.mp3")


def test_objects_are_still_put_into_the_bucket(cloudfront_settings):
    put = configured_store().presign_put(new_key("audio", "mp3"), "audio/mpeg", None, 600)

    assert put.url.startswith("https://dots.s3.eu-central-1.amazonaws.com/audio/")
    assert configured_store().origin == "https://media.example.org"


def test_settings_alone_switch_it(cloudfront_settings):
    object_key = new_key("audio", "mp3")
    through_cloudfront = configured_store().url(object_key, 600)

    cloudfront_settings.CLOUDFRONT_DOMAIN = cloudfront_settings.CLOUDFRONT_KEY_ID = ""
    cloudfront_settings.CLOUDFRONT_KEY = ""

    assert through_cloudfront.startswith("https://media.example.org/")
    assert configured_store().url(object_key, 600).startswith("https://dots.s3.eu-central-1.amazonaws.com/")


def test_the_key_is_parsed_once(cloudfront_settings, monkeypatch):
    parsed = []
    load = serialization.load_pem_private_key
    monkeypatch.setattr(
        serialization, "load_pem_private_key", lambda *args, **options: parsed.append(1) or load(*args, **options)
    )
    # Another id: a store that no other test has made.
    cloudfront_settings.CLOUDFRONT_KEY_ID = "K-parsed-once"

    for _count in range(20):
        configured_store().url(new_key("audio", "mp3"), 600)

    assert parsed == [1]


def test_a_key_on_one_line_is_read_as_well(pem):
    assert private_key(pem.replace("\n", "\\n")).key_size == 2048


def test_a_password_is_an_error_that_says_so(key):
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    ).decode()

    with pytest.raises(ValueError, match="password"):
        CloudFront(domain="media.example.org", key_id="K2", key=locked)
