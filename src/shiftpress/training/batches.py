"""The order in which a network sees its training images."""

from collections.abc import Iterator

import torch
from torch import Tensor

LEAST = 2
"""Fewer images than this teach nothing to batch normalisation, so a shorter rest is left out."""


def epoch(count: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Positions of the images of each batch of one pass, in a fresh random order."""
    order = torch.randperm(count, generator=generator)
    for batch in order.split(size):
        if len(batch) >= LEAST:
            yield batch


def steps_per_epoch(count: int, size: int) -> int:
    """Batches of one pass."""
    whole, rest = divmod(count, size)
    return whole + (rest >= LEAST)
