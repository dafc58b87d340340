"""Pre-signed addresses of one bucket: AWS Signature Version 4 in the query (S3 User Guide, "Authenticating Requests").

boto3's ``generate_presigned_url`` validates parameters and looks for the endpoint anew each time, which takes three
times as long as the signature itself. Neither changes here, so its own signer is given the finished request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError


class Signer:
    """Signs for one bucket with credentials that may change, as those of a machine's role do."""

    def __init__(self, client: Any, credentials: Any, *, bucket: str, region: str) -> None:
        """
        Args:
            client: boto3's; asked once where the bucket's objects are.
            credentials: botocore's, as ``Session.get_credentials`` gives them.

        Raises:
            NoCredentialsError: there are none.
        """
        if credentials is None:
            raise NoCredentialsError
        self._credentials = credentials
        self._region = region
        probe = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "probe"}, ExpiresIn=60)
        parts = urlsplit(probe)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._base = self.origin + parts.path.removesuffix("probe")

    def sign(
        self, method: str, key: str, expires_in: int, *, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> str:
        """An address for this method and object.

        Args:
            key: needs no quoting, see ``keys.check_key``.
            expires_in: seconds, 1 to 604,800. With a role's credentials it ends with these at the latest.
            query: further parameters of the address.
            headers: signed along with the host: the request has to carry them all, with these values.
        """
        url = f"{self._base}{key}"
        if query:
            url += f"?{urlencode(query, quote_via=quote)}"
        request = AWSRequest(method=method, url=url, headers=dict(headers))
        # Frozen: key, secret and token of one moment, renewed when they are about to end.
        frozen = self._credentials.get_frozen_credentials()
        S3SigV4QueryAuth(frozen, "s3", self._region, expires=expires_in).add_auth(request)
        return str(request.url)
