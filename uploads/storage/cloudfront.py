"""Signed addresses of a CloudFront distribution in front of the bucket.

An address is allowed by a canned policy: this one address, with its whole query string, until a moment. CloudFront
knows the public half of the key. (Amazon CloudFront Developer Guide, "Create a signed URL using a canned policy".)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

# CloudFront's own alphabet: what base64 has and an address must not have, is written in another way.
_SAFE_BASE64 = str.maketrans("+=/", "-_~")


class CloudFront:
    """One distribution and the key that it trusts, parsed once: parsing takes forty times as long as signing."""

    def __init__(self, *, domain: str, key_id: str, key: str) -> None:
        """``key`` is a PEM file's text.

        Raises:
            ValueError: it is not an RSA private key without a password.
        """
        self.origin = f"https://{domain}"
        self._key_id = key_id
        self._key = private_key(key)

    def signed(self, key: str, expires: int, parameters: Mapping[str, str]) -> str:
        """The address of one object.

        Args:
            key: of the object; needs no quoting, see ``keys.check_key``.
            expires: when it ends, in seconds since 1970.
            parameters: what S3 is asked to answer differently, such as ``response-content-disposition``. They are
                part of what is signed, and reach S3 if the distribution forwards them (docs/storage.md).
        """
        query = urlencode(parameters, quote_via=quote)
        resource = f"{self.origin}/{key}?{query}" if query else f"{self.origin}/{key}"
        # The order and the lack of spaces are prescribed: CloudFront builds this text anew to verify the signature.
        limit = {"DateLessThan": {"AWS:EpochTime": expires}}
        policy = json.dumps({"Statement": [{"Resource": resource, "Condition": limit}]}, separators=(",", ":"))
        # SHA-1 is what every distribution verifies; that somebody finds a second policy for it helps him nothing.
        signature = self._key.sign(policy.encode(), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - see above
        encoded = base64.b64encode(signature).decode().translate(_SAFE_BASE64)
        separator = "&" if query else "?"
        return f"{resource}{separator}Expires={expires}&Signature={encoded}&Key-Pair-Id={self._key_id}"


def private_key(pem: str) -> rsa.RSAPrivateKey:
    """The RSA key in a PEM text; ``\\n`` may stand for line ends, as a line of an environment file has none.

    Raises:
        ValueError: there is none, it needs a password, or it is of another kind.
    """
    try:
        key = serialization.load_pem_private_key(pem.replace("\\n", "\n").strip().encode(), password=None)
    except TypeError as error:  # how a key with a password is told
        raise ValueError("the key needs a password") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key
