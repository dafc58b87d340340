"""``manage.py provision_storage`` makes a bucket, brings one into line, and tells what differs."""

import io

import boto3
import pytest
from django.core.management import CommandError, call_command

from tests.uploads.conftest import BUCKET
from tests.uploads.look_alike import look_alike
from uploads.storage import s3_client

NEW = "micdots-new"


def provision(*arguments: str) -> tuple[int, list[str]]:
    """What the command ended with, and its lines."""
    out = io.StringIO()
    try:
        call_command("provision_storage", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@pytest.fixture
def client(s3_settings):
    return boto3.client("s3", region_name="eu-central-1", endpoint_url=s3_settings)


@pytest.fixture
def new_bucket(s3_settings, settings, client):
    """The settings name a bucket that is not there yet."""
    settings.S3_BUCKET = NEW
    yield NEW
    if any(bucket["Name"] == NEW for bucket in client.list_buckets()["Buckets"]):
        client.delete_bucket(Bucket=NEW)


def test_a_bucket_is_made_as_it_should_be(new_bucket, client, settings):
    settings.SITE_URL, settings.CORS_ALLOWED_ORIGINS = "https://dots.example.org", ["https://kiosk.example.org"]
    settings.S3_COLD_AFTER_DAYS = 90

    code, lines = provision()

    assert code == 0
    assert [line.partition(":")[0] for line in lines] == ["changed"] * 7
    bucket = {"Bucket": NEW}
    assert client.get_bucket_location(**bucket)["LocationConstraint"] == "eu-central-1"
    (owner,) = client.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
    assert owner["ObjectOwnership"] == "BucketOwnerEnforced"
    assert set(client.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert client.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    (encryption,) = client.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    rules = {rule["ID"]: rule for rule in client.get_bucket_lifecycle_configuration(**bucket)["Rules"]}
    assert {rule["Status"] for rule in rules.values()} == {"Enabled"}
    temp = rules["micdots-temp"]
    assert (temp["Filter"], temp["Expiration"]) == ({"Prefix": "temp/"}, {"Days": 1})
    assert rules["micdots-incomplete-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rules["micdots-old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["micdots-old-versions"]["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    assert rules["micdots-cold-audio"]["Transitions"] == [{"Days": 90, "StorageClass": "STANDARD_IA"}]
    (cors,) = client.get_bucket_cors(**bucket)["CORSRules"]
    assert cors["AllowedOrigins"] == ["https://dots.example.org", "https://kiosk.example.org"]
    assert sorted(cors["AllowedMethods"]) == ["GET", "HEAD", "PUT"]
    assert {"content-type", "if-none-match", "range"} <= set(cors["AllowedHeaders"])
    assert "ETag" in cors["ExposeHeaders"]


def test_doing_it_again_changes_nothing(new_bucket):
    provision()

    code, lines = provision()

    assert code == 0
    assert [line.partition(":")[0] for line in lines] == ["right"] * 7
    assert provision("--check") == (0, lines)


def test_a_check_of_a_missing_bucket_says_so_and_makes_none(new_bucket, client):
    code, lines = provision("--check")

    assert (code, lines) == (1, [f'differs: bucket is null and should be "{NEW}"'])
    assert NEW not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]


def test_a_check_names_each_difference_and_changes_nothing(s3_settings, client):
    provision()
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    client.delete_public_access_block(Bucket=BUCKET)

    code, lines = provision("--check")

    assert code == 1
    differing = [line for line in lines if line.startswith("differs")]
    assert len(differing) == 2
    assert differing[0].startswith("differs: public access block is null and should be {")
    assert differing[1] == 'differs: versioning is "Suspended" and should be "Enabled"'
    assert client.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Suspended"
    assert provision()[0] == 0
    assert client.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_a_setting_that_changed_is_a_difference_of_its_aspect_alone(s3_settings, settings):
    provision()
    settings.S3_OLD_VERSION_DAYS = 60
    settings.SITE_URL = "https://elsewhere.example.org"

    code, lines = provision("--check")

    assert code == 1
    assert [line.split()[1] for line in lines if line.startswith("differs")] == ["lifecycle", "CORS"]
    provision()
    assert provision("--check")[0] == 0


def test_a_kms_key_can_encrypt_the_bucket(s3_settings, settings, client):
    settings.S3_KMS_KEY_ID = "arn:aws:kms:eu-central-1:123456789012:key/0b6f9d0c-0000-4000-8000-000000000000"

    assert provision()[0] == 0

    (rule,) = client.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": settings.S3_KMS_KEY_ID,
    }
    assert rule["BucketKeyEnabled"] is True
    assert provision("--check")[0] == 0


def test_rules_of_others_stay(s3_settings, client):
    theirs = {"ID": "reports", "Filter": {"Prefix": "reports/"}, "Status": "Enabled", "Expiration": {"Days": 365}}
    client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [theirs]})
    other_site = {"AllowedOrigins": ["https://other.example.org"], "AllowedMethods": ["GET"]}
    client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [other_site]})

    provision()

    rules = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert "reports" in [rule["ID"] for rule in rules]
    cors = client.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
    assert [rule["AllowedOrigins"] for rule in cors][1:] == [["https://other.example.org"]]
    assert provision("--check")[0] == 0


def test_without_a_set_time_audio_stays_in_its_class(s3_settings, settings, client):
    settings.S3_COLD_AFTER_DAYS = 0

    provision()

    rules = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert "micdots-cold-audio" not in [rule["ID"] for rule in rules]


@pytest.mark.parametrize(("status", "code"), [(501, "NotImplemented"), (405, "MethodNotAllowed")])
def test_a_server_that_lacks_a_call_is_told_and_the_rest_is_done(s3_settings, settings, status, code):
    with look_alike(s3_settings) as server:
        server.answers = {"publicAccessBlock": (status, code), "ownershipControls": (status, code)}
        settings.S3_ENDPOINT_URL = server.url

        ended, lines = provision()

    assert ended == 0
    assert [line for line in lines if line.startswith("not offered")] == [
        f"not offered by this server: object ownership (no ACLs) ({code})",
        f"not offered by this server: public access block ({code})",
    ]
    assert len([line for line in lines if line.startswith("changed")]) == 4


def test_a_server_that_says_yes_and_does_nothing_is_found_out(s3_settings, settings):
    with look_alike(s3_settings) as server:
        server.forgets = {"versioning"}
        settings.S3_ENDPOINT_URL = server.url

        ended, lines = provision()

    assert ended == 1
    assert 'differs: versioning is null and should be "Enabled"' in lines


def test_a_missing_permission_is_named(s3_settings, settings):
    with look_alike(s3_settings) as server:
        server.answers = {"cors": (403, "AccessDenied")}
        settings.S3_ENDPOINT_URL = server.url

        ended, lines = provision()

    assert ended == 1
    assert lines[-1] == "refused: CORS (AccessDenied); it takes s3:GetBucketCORS, s3:PutBucketCORS"


def test_compatible_servers_get_the_checksum_that_all_of_them_know(s3_settings, settings):
    with look_alike(s3_settings) as server:
        settings.S3_ENDPOINT_URL = server.url

        provision()

    (headers,) = [headers for method, path, headers in server.requests if method == "PUT" and "lifecycle" in path]
    assert "Content-MD5" in headers
    assert not [name for name in headers if "checksum" in name.lower()]


def test_a_fault_of_the_storage_ends_it_with_2(s3_settings, settings, monkeypatch):
    monkeypatch.setattr(s3_client, "ATTEMPTS", 1)
    with look_alike(s3_settings) as server:
        server.answers = {"versioning": (503, "SlowDown")}
        settings.S3_ENDPOINT_URL = server.url

        with pytest.raises(CommandError) as caught:
            provision()

    assert caught.value.returncode == 2


def test_a_folder_needs_no_provisioning(settings):
    settings.S3_BUCKET = ""

    with pytest.raises(CommandError, match="S3_BUCKET is not set"):
        provision()
