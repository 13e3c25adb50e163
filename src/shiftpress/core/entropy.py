"""What it takes to say which weights are kept."""

import math
from collections.abc import Iterable


def entropy(share: float) -> float:
    """Of a coin with this share of heads, in bits.

    >>> entropy(0.5), entropy(1.0)
    (1.0, 0.0)
    """
    return -sum(p * math.log2(p) for p in (share, 1 - share) if p) + 0.0


def mask_bits(layers: Iterable[tuple[int, int]]) -> float:
    """Below which no code of independent masks goes, given how many of its weights each layer (weights, kept) keeps."""
    return sum(count * entropy(kept / count) for count, kept in layers)
