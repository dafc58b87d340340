"""How the bucket has to be set up, and bringing it there: ``manage.py provision_storage``.

Each aspect of the bucket is read, compared with what is wanted and, where they differ, written and read again. Rules
that others made in the bucket (lifecycle, CORS) are left as they are: ours carry names of their own.
"""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from django.conf import settings

from uploads.storage.s3_client import code_of, is_not_offered, status_of, storage_errors

RULE_PREFIX = "micdots-"
CORS_RULE = "micdots"
# How S3 says that an aspect was never set.
_NOT_SET = {
    "NoSuchCORSConfiguration",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}


class State(enum.Enum):
    RIGHT = enum.auto()  # as it should be
    DIFFERS = enum.auto()  # not as it should be, and left so
    CHANGED = enum.auto()  # was not as it should be, and is now
    NOT_OFFERED = enum.auto()  # the server does not have this aspect at all
    REFUSED = enum.auto()  # the server says no, mostly for want of a permission


@dataclass(frozen=True)
class Finding:
    """What became of one aspect."""

    aspect: str  # a name for operators, as in docs/storage.md
    state: State
    found: str = ""  # what was there, for DIFFERS and CHANGED; S3's error code for NOT_OFFERED and REFUSED
    wanted: str = ""
    permissions: str = ""  # what reading and writing it takes, for REFUSED

    @property
    def is_right(self) -> bool:
        return self.state not in (State.DIFFERS, State.REFUSED)


@dataclass(frozen=True)
class Plan:
    """What the bucket should be like."""

    bucket: str
    region: str
    site_origins: list[str]  # whose pages may put objects and read them
    kms_key_id: str  # empty: AES-256 with keys that S3 keeps
    temp_days: int
    old_version_days: int
    cold_after_days: int  # 0: audio stays in its first class
    cold_storage_class: str

    @classmethod
    def from_settings(cls) -> Plan:
        return cls(
            bucket=settings.S3_BUCKET,
            region=settings.S3_REGION,
            site_origins=list(dict.fromkeys([settings.SITE_URL, *settings.CORS_ALLOWED_ORIGINS])),
            kms_key_id=settings.S3_KMS_KEY_ID,
            temp_days=math.ceil(settings.TEMP_OBJECT_HOURS / 24),  # S3 counts in days
            old_version_days=settings.S3_OLD_VERSION_DAYS,
            cold_after_days=settings.S3_COLD_AFTER_DAYS,
            cold_storage_class=settings.S3_COLD_STORAGE_CLASS,
        )

    def lifecycle_rules(self) -> list[dict[str, Any]]:
        """Our rules, as S3 wants them; each says one thing, so that a difference names it."""
        rules: list[dict[str, Any]] = [
            {
                "ID": f"{RULE_PREFIX}temp",
                "Filter": {"Prefix": "temp/"},
                "Expiration": {"Days": self.temp_days},
                # With versioning, what expires is only hidden: it goes a day later.
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            },
            {
                "ID": f"{RULE_PREFIX}incomplete-uploads",
                "Filter": {"Prefix": ""},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
            {
                "ID": f"{RULE_PREFIX}old-versions",
                "Filter": {"Prefix": ""},
                "NoncurrentVersionExpiration": {"NoncurrentDays": self.old_version_days},
                "Expiration": {"ExpiredObjectDeleteMarker": True},
            },
        ]
        if self.cold_after_days:
            rules.append(
                {
                    "ID": f"{RULE_PREFIX}cold-audio",
                    "Filter": {"Prefix": "audio/"},
                    "Transitions": [{"Days": self.cold_after_days, "StorageClass": self.cold_storage_class}],
                }
            )
        return [{**rule, "Status": "Enabled"} for rule in rules]

    def cors_rule(self) -> dict[str, Any]:
        return {
            "ID": CORS_RULE,
            "AllowedOrigins": self.site_origins,
            "AllowedMethods": ["GET", "HEAD", "PUT"],
            "AllowedHeaders": ["content-type", "if-none-match", "range", "x-amz-*"],
            # The ETag of a part is needed to complete an upload; the others to play from the middle.
            "ExposeHeaders": ["ETag", "Accept-Ranges", "Content-Length", "Content-Range"],
            "MaxAgeSeconds": 3600,
        }


@dataclass(frozen=True)
class _Aspect:
    name: str
    permissions: str
    wanted: Any
    read: Callable[[], Any]  # in the same form as ``wanted``; None: not set
    write: Callable[[], Any]


class Provisioner:
    """One bucket and what it should be like."""

    def __init__(self, client: Any, plan: Plan) -> None:
        self._client = client
        self._plan = plan

    def run(self, *, change: bool) -> Iterator[Finding]:
        """Look at every aspect, one after the other; with ``change`` bring into line what differs.

        A bucket that is not there ends it, if it may not be made. Doing it again is harmless.

        Raises:
            StorageError: the storage cannot be reached, or has a fault of its own.
        """
        bucket = self._bucket(change=change)
        yield bucket
        if bucket.state in (State.RIGHT, State.CHANGED):
            for aspect in self._aspects():
                yield _bring_into_line(aspect, change=change)

    def _bucket(self, *, change: bool) -> Finding:
        name, permissions = "bucket", "s3:ListBucket, s3:CreateBucket"
        with storage_errors("provision", ""):
            try:
                self._client.head_bucket(Bucket=self._plan.bucket)
                return Finding(name, State.RIGHT)
            except ClientError as error:
                if status_of(error) != 404:
                    return _said_no(error, name, permissions)
            if not change:
                return Finding(name, State.DIFFERS, found="null", wanted=json.dumps(self._plan.bucket))
            where = {"CreateBucketConfiguration": {"LocationConstraint": self._plan.region}}
            try:
                self._client.create_bucket(
                    Bucket=self._plan.bucket, **({} if self._plan.region == "us-east-1" else where)
                )
            except ClientError as error:
                return _said_no(error, name, permissions)
        return Finding(name, State.CHANGED, found="null", wanted=json.dumps(self._plan.bucket))

    def _aspects(self) -> list[_Aspect]:
        client, bucket = self._client, {"Bucket": self._plan.bucket}
        blocked = dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
        )
        encryption = self._encryption()
        return [
            _Aspect(
                "object ownership (no ACLs)",
                "s3:GetBucketOwnershipControls, s3:PutBucketOwnershipControls",
                "BucketOwnerEnforced",
                lambda: _first_rule(client.get_bucket_ownership_controls(**bucket), "OwnershipControls").get(
                    "ObjectOwnership"
                ),
                lambda: client.put_bucket_ownership_controls(
                    **bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
                ),
            ),
            _Aspect(
                "public access block",
                "s3:GetBucketPublicAccessBlock, s3:PutBucketPublicAccessBlock",
                blocked,
                lambda: client.get_public_access_block(**bucket).get("PublicAccessBlockConfiguration"),
                lambda: client.put_public_access_block(**bucket, PublicAccessBlockConfiguration=blocked),
            ),
            _Aspect(
                "versioning",
                "s3:GetBucketVersioning, s3:PutBucketVersioning",
                "Enabled",
                lambda: client.get_bucket_versioning(**bucket).get("Status"),
                lambda: client.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"}),
            ),
            _Aspect(
                "default encryption",
                "s3:GetEncryptionConfiguration, s3:PutEncryptionConfiguration",
                encryption,
                lambda: _plain_encryption(
                    _first_rule(client.get_bucket_encryption(**bucket), "ServerSideEncryptionConfiguration")
                ),
                lambda: client.put_bucket_encryption(
                    **bucket, ServerSideEncryptionConfiguration={"Rules": [encryption]}
                ),
            ),
            _Aspect(
                "lifecycle",
                "s3:GetLifecycleConfiguration, s3:PutLifecycleConfiguration",
                _by_id(self._plan.lifecycle_rules()),
                lambda: _by_id(rule for rule in self._lifecycle_rules() if _is_ours(rule)),
                self._write_lifecycle,
            ),
            _Aspect(
                "CORS",
                "s3:GetBucketCORS, s3:PutBucketCORS",
                _plain_cors(self._plan.cors_rule()),
                lambda: next((_plain_cors(rule) for rule in self._cors_rules() if self._is_our_cors(rule)), None),
                self._write_cors,
            ),
        ]

    def _encryption(self) -> dict[str, Any]:
        if not self._plan.kms_key_id:
            return {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        return {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": self._plan.kms_key_id,
            },
            # One data key for many objects: without it every object costs a call of KMS.
            "BucketKeyEnabled": True,
        }

    def _lifecycle_rules(self) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = self._client.get_bucket_lifecycle_configuration(Bucket=self._plan.bucket).get(
            "Rules", []
        )
        return rules

    def _write_lifecycle(self) -> None:
        others = [rule for rule in _or_nothing(self._lifecycle_rules) if not _is_ours(rule)]
        self._client.put_bucket_lifecycle_configuration(
            Bucket=self._plan.bucket, LifecycleConfiguration={"Rules": [*self._plan.lifecycle_rules(), *others]}
        )

    def _cors_rules(self) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = self._client.get_bucket_cors(Bucket=self._plan.bucket).get("CORSRules", [])
        return rules

    def _is_our_cors(self, rule: dict[str, Any]) -> bool:
        # Some servers do not keep the name of a rule.
        return rule.get("ID") == CORS_RULE or _plain_cors(rule) == _plain_cors(self._plan.cors_rule())

    def _write_cors(self) -> None:
        others = [rule for rule in _or_nothing(self._cors_rules) if not self._is_our_cors(rule)]
        # The first rule that matches counts.
        self._client.put_bucket_cors(
            Bucket=self._plan.bucket, CORSConfiguration={"CORSRules": [self._plan.cors_rule(), *others]}
        )


def _bring_into_line(aspect: _Aspect, *, change: bool) -> Finding:
    with storage_errors("provision", ""):
        try:
            found = _or_nothing(aspect.read) or None
            if found == aspect.wanted:
                return Finding(aspect.name, State.RIGHT)
            if change:
                aspect.write()
                kept = _or_nothing(aspect.read) or None
                if kept != aspect.wanted:
                    # It said yes and did something else, as servers do that do not know the call.
                    return Finding(aspect.name, State.DIFFERS, found=_shown(kept), wanted=_shown(aspect.wanted))
        except ClientError as error:
            return _said_no(error, aspect.name, aspect.permissions)
    state = State.CHANGED if change else State.DIFFERS
    return Finding(aspect.name, state, found=_shown(found), wanted=_shown(aspect.wanted))


def _said_no(error: ClientError, name: str, permissions: str) -> Finding:
    """What an error of S3 means for an aspect; raised again where it is no answer but a fault."""
    code, status = code_of(error), status_of(error)
    if is_not_offered(error):
        return Finding(name, State.NOT_OFFERED, found=code)
    if status >= 500 or status == 429:
        raise error
    return Finding(name, State.REFUSED, found=code, permissions=permissions)


def _or_nothing(read: Callable[[], Any]) -> Any:
    """What is set, or an empty list where S3 says that nothing is."""
    try:
        return read()
    except ClientError as error:
        if code_of(error) in _NOT_SET:
            return []
        raise


def _first_rule(answer: dict[str, Any], configuration: str) -> dict[str, Any]:
    rule: dict[str, Any] = next(iter(answer.get(configuration, {}).get("Rules", [])), {})
    return rule


def _plain_encryption(rule: dict[str, Any]) -> dict[str, Any]:
    """Without what does not matter: bucket keys belong to KMS alone, and S3 adds settings of later years."""
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    if default.get("SSEAlgorithm") == "AES256":
        return {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": rule.get("BucketKeyEnabled", False)}


def _is_ours(rule: dict[str, Any]) -> bool:
    return str(rule.get("ID", "")).startswith(RULE_PREFIX)


def _by_id(rules: Any) -> dict[str, Any]:
    """Rules under their names, in one form: an empty filter, an empty prefix and the old place of it are the same."""
    plain = {}
    for rule in rules:
        kept = {name: value for name, value in rule.items() if name not in ("ID", "Filter", "Prefix")}
        prefix = (rule.get("Filter") or {}).get("Prefix", rule.get("Prefix", ""))
        plain[rule["ID"]] = {"Prefix": prefix or "", **kept}
    return plain


def _plain_cors(rule: dict[str, Any]) -> dict[str, Any]:
    """Without its name and the order of its lists."""
    return {name: sorted(value) if isinstance(value, list) else value for name, value in rule.items() if name != "ID"}


def _shown(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
