"""Amazon's S3, and what speaks as it does, as a file system of Arrow."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Variables of the environment, the first that is set counts."""


def amazon_store(bucket: str) -> Any:
    """Return the file system of a bucket; keys and region are found as Amazon's own tools find them: in the
    environment, in `~/.aws`, or on a machine of theirs. `AWS_ENDPOINT_URL` leads to another store.

    Raises OSError where Amazon does not say in which region it is, ImportError where pyarrow was built without S3.
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
