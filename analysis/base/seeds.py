"""Seeds and random orders that depend on what they are for and on nothing else, so that a run can be repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def draw(*parts: object) -> int:
    """A 64-bit number that depends on the parts and on nothing else."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def shuffled(refs: Sequence[str], seed: object) -> list[str]:
    """The refs in random order, by hashing them with the seed: the order of the input does not matter."""
    return sorted(
        refs, key=lambda ref: hashlib.sha256(f"{seed}/{ref}".encode("utf-8", "surrogatepass")).digest()
    )


STANDING = 60
"""Examples that stand for a set of them where a measurement is costly."""


def standing(refs: Sequence[str], seed: object) -> list[str]:
    """The refs that stand for a set, all of a small one: drawn by hash, so that nothing they show decides of them."""
    return shuffled(refs, seed)[:STANDING]
