"""Where browsers reach the objects, worked out from the settings alone: a page's policy has to name these origins."""

from __future__ import annotations

from urllib.parse import urlsplit


def storage_origins(
    *, bucket: str, region: str, endpoint_url: str, addressing_style: str, cloudfront_domain: str
) -> list[str]:
    """Every origin that a page may send objects to or load them from; none where MicDots serves them itself.

    >>> amazon = {"bucket": "dots", "region": "eu-central-1", "endpoint_url": "", "addressing_style": "auto"}
    >>> storage_origins(**amazon, cloudfront_domain="media.example.org")
    ['https://dots.s3.eu-central-1.amazonaws.com', 'https://media.example.org']
    """
    if not bucket:
        return []
    origins = [_bucket_origin(bucket, region, endpoint_url, addressing_style)]
    if cloudfront_domain:
        origins.append(f"https://{cloudfront_domain}")
    return origins


def _bucket_origin(bucket: str, region: str, endpoint_url: str, addressing_style: str) -> str:
    """What boto3 comes to as well, which takes too long to import to be asked here."""
    endpoint = urlsplit(endpoint_url or f"https://s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}")
    wants_host = addressing_style == "virtual" or (addressing_style != "path" and not endpoint_url)
    if wants_host and _can_be_a_host_name(bucket, endpoint.scheme, endpoint.hostname or ""):
        return f"{endpoint.scheme}://{bucket}.{endpoint.netloc}"
    return f"{endpoint.scheme}://{endpoint.netloc}"


def _can_be_a_host_name(bucket: str, scheme: str, endpoint_host: str) -> bool:
    """An IP address has no names below it, and no certificate covers a bucket with a dot in its name."""
    is_address = endpoint_host.replace(".", "").isdigit() or ":" in endpoint_host
    return not is_address and not (scheme == "https" and "." in bucket)
