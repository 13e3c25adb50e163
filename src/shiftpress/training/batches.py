"""The order in which a network sees its training images."""

from collections.abc import Iterator

import torch
from torch import Tensor

from shiftpress.core.problems import InputError

LEAST = 2
"""Fewer images than this teach nothing to batch normalisation, so a shorter rest is left out."""


def epoch(count: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Positions of the images of each batch of one pass, in a fresh random order."""
    order = torch.randperm(count, generator=generator)
    for batch in order.split(size):
        if len(batch) >= LEAST:
            yield batch


def steps_per_epoch(count: int, size: int) -> int:
    """Batches of one pass. Raises InputError if there is none."""
    whole, rest = divmod(count, size)
    if not whole + (rest >= LEAST):
        raise InputError(
            f"{count} training images in batches of {size}: a batch has at least {LEAST}; bring more images"
        )
    return whole + (rest >= LEAST)


class Batches:
    """The batches of ``epoch``, pass after pass, that can start at any step."""

    def __init__(self, count: int, size: int, seed: int, first: int = 0):
        self._generator = torch.Generator().manual_seed(seed)
        self._count, self._size = count, size
        passes, ahead = divmod(first, steps_per_epoch(count, size))
        for _ in range(passes):
            torch.randperm(count, generator=self._generator)
        self._pass = epoch(count, size, self._generator)
        for _ in range(ahead):
            next(self._pass)

    def next(self) -> Tensor:
        """Positions (N,) of the next batch."""
        batch = next(self._pass, None)
        if batch is None:
            self._pass = epoch(self._count, self._size, self._generator)
            batch = next(self._pass)
        return batch
