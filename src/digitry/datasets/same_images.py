"""Find images with the same pixels."""

from __future__ import annotations

import numpy as np

from digitry.types import Images, Labels

_BLOCK = 2048


def first_of_its_kind(images: Images) -> Labels:
    """Return, for every image, the index of the first one with the same pixels, int64 (n,)."""
    words = np.ascontiguousarray(images).reshape(len(images), -1).view(np.uint64)
    odd = np.random.default_rng(0).integers(0, 2**63, words.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    hashes = np.zeros(len(words), np.uint64)
    for start in range(0, len(words), _BLOCK):
        hashes[start : start + _BLOCK] = words[start : start + _BLOCK] @ odd
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    first = np.arange(len(images), dtype=np.int64)
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(counts)
    for kind in np.flatnonzero(counts > 1):
        # Equal hashes are only a hint; equal pixels decide.
        seen: dict[bytes, int] = {}
        for position in order[ends[kind] - counts[kind] : ends[kind]].tolist():
            first[position] = seen.setdefault(images[position].tobytes(), position)
    return first
