"""Amazon S3 and compatible stores as an Arrow file system."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Environment variables; the first one that is set counts."""


def amazon_store(bucket: str) -> Any:
    """Return the file system of a bucket; keys and region are found as by Amazon's own tools: in the environment, in
    `~/.aws`, or on a machine of theirs. `AWS_ENDPOINT_URL` selects another store.

    Raises OSError if Amazon does not tell the region, ImportError if pyarrow was built without S3.
    """
    return _store(bucket, _first_set(ENDPOINTS), _first_set(REGIONS))


@lru_cache
def _store(bucket: str, endpoint: str, region: str) -> Any:
    from pyarrow.fs import S3FileSystem, resolve_s3_region

    if not endpoint:
        return S3FileSystem(region=region or resolve_s3_region(bucket))
    parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
    return S3FileSystem(endpoint_override=parts.netloc, scheme=parts.scheme, region=region or None)


def _first_set(variables: tuple[str, ...]) -> str:
    return next(filter(None, map(os.environ.get, variables)), "")
