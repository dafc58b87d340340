"""Signature Version 4 in the query, computed from its published description alone: nothing of boto3 is used here.

AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in the S3 API Reference.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit

UNRESERVED = "-_.~"


def signed_headers(url: str) -> list[str]:
    """The names of the headers that the address binds."""
    return dict(parse_qsl(urlsplit(url).query))["X-Amz-SignedHeaders"].split(";")


def signature_of(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query))["X-Amz-Signature"]


def expected_signature(method: str, url: str, headers: Mapping[str, str], secret: str, region: str) -> str:
    """The signature that S3 computes when this request arrives.

    Args:
        headers: what the request carries besides ``Host``, in any letter case.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
    names = query["X-Amz-SignedHeaders"].split(";")
    query.pop("X-Amz-Signature")
    arrived = {"host": parts.netloc} | {name.lower(): value.strip() for name, value in headers.items()}
    canonical_request = "\n".join(
        [
            method,
            quote(parts.path, safe=UNRESERVED + "/"),
            "&".join(
                f"{quote(name, safe=UNRESERVED)}={quote(value, safe=UNRESERVED)}"
                for name, value in sorted(query.items())
            ),
            *[f"{name}:{arrived[name]}" for name in names],
            "",
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        ]
    )
    moment = query["X-Amz-Date"]
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    string_to_sign = "\n".join(
        ["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical_request.encode()).hexdigest()]
    )
    key = f"AWS4{secret}".encode()
    for part in (moment[:8], region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, string_to_sign.encode(), "sha256").hexdigest()
