"""System checks of S3 and CloudFront: a half-made configuration speaks at start-up."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.test import override_settings

from uploads.checks import check_cloudfront, check_s3, check_storage_class


def pem_of(key, password=None):
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, encryption
    ).decode()


@pytest.fixture(scope="module")
def rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def ids(check, **configured):
    plain = {
        "S3_BUCKET": "dots",
        "S3_ENDPOINT_URL": "",
        "S3_ADDRESSING_STYLE": "auto",
        "S3_KMS_KEY_ID": "",
        "S3_COLD_AFTER_DAYS": 90,
        "S3_COLD_STORAGE_CLASS": "STANDARD_IA",
        "CLOUDFRONT_DOMAIN": "",
        "CLOUDFRONT_KEY_ID": "",
        "CLOUDFRONT_KEY": "",
    }
    with override_settings(**{**plain, **configured}):
        return [message.id for message in check(None)]


@pytest.mark.parametrize("check", [check_s3, check_storage_class, check_cloudfront])
@pytest.mark.parametrize("configured", [{}, {"S3_BUCKET": ""}, {"S3_ENDPOINT_URL": "https://s3.example.org:9000"}])
def test_a_sound_configuration_says_nothing(check, configured):
    assert ids(check, **configured) == []


@pytest.mark.parametrize("name", ["S3_ENDPOINT_URL", "S3_KMS_KEY_ID"])
def test_settings_of_s3_need_a_bucket(name):
    assert ids(check_s3, S3_BUCKET="", **{name: "https://s3.example.org"}) == ["uploads.E001"]


@pytest.mark.parametrize("url", ["s3.example.org", "ftp://s3.example.org", "https://", "https://s3.example.org/bucket"])
def test_an_endpoint_is_scheme_and_host(url):
    assert ids(check_s3, S3_ENDPOINT_URL=url) == ["uploads.E002"]


def test_an_addressing_style_that_s3_does_not_have_is_refused():
    assert ids(check_s3, S3_ADDRESSING_STYLE="dns") == ["uploads.E003"]


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ({"S3_COLD_STORAGE_CLASS": "GLACIER"}, ["uploads.E004"]),
        ({"S3_COLD_STORAGE_CLASS": "GLACIER", "S3_COLD_AFTER_DAYS": 0}, []),
        ({"S3_COLD_AFTER_DAYS": 7}, ["uploads.E005"]),
        ({"S3_COLD_AFTER_DAYS": 7, "S3_COLD_STORAGE_CLASS": "GLACIER_IR"}, []),
    ],
)
def test_audio_moves_only_to_where_it_can_be_played(configured, expected):
    assert ids(check_storage_class, **configured) == expected


@pytest.mark.parametrize("missing", ["CLOUDFRONT_DOMAIN", "CLOUDFRONT_KEY_ID", "CLOUDFRONT_KEY"])
def test_cloudfront_needs_all_of_its_settings(rsa_key, missing):
    configured = {
        "CLOUDFRONT_DOMAIN": "media.example.org",
        "CLOUDFRONT_KEY_ID": "K2JCJMDEHXQW5F",
        "CLOUDFRONT_KEY": pem_of(rsa_key),
    }

    assert ids(check_cloudfront, **configured) == []
    assert ids(check_cloudfront, **configured, S3_BUCKET="") == ["uploads.W001"]
    assert ids(check_cloudfront, **{**configured, missing: ""}) == ["uploads.E006"]


@pytest.mark.parametrize("domain", ["https://media.example.org", "media.example.org/dots", "media", "-x.example.org"])
def test_cloudfront_has_a_host_name(rsa_key, domain):
    configured = {"CLOUDFRONT_DOMAIN": domain, "CLOUDFRONT_KEY_ID": "K2", "CLOUDFRONT_KEY": pem_of(rsa_key)}

    assert ids(check_cloudfront, **configured) == ["uploads.E007"]


def test_cloudfront_needs_an_rsa_key_that_can_be_read(rsa_key):
    for pem in (
        "nonsense",
        pem_of(rsa_key)[:-100],
        pem_of(rsa_key, password=b"secret"),
        pem_of(ec.generate_private_key(ec.SECP256R1())),
    ):
        configured = {"CLOUDFRONT_DOMAIN": "m.example.org", "CLOUDFRONT_KEY_ID": "K2", "CLOUDFRONT_KEY": pem}
        assert ids(check_cloudfront, **configured) == ["uploads.E008"]
