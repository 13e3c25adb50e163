"""The order in which the symbols of a chunk are sent."""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from shiftpress.core.problems import InputError


class Grouping:
    """The order in which symbols (N, n) are sent: by table, then by place, then by image.

    ``rows`` (N, n) says which table a symbol has, (1, n) if it is the same for every image. ``before`` and ``starts``
    come as those of each table (K,), and stay as those of each symbol's. Raises InputError where no such table is.
    """

    def __init__(self, rows: Tensor, count: int, before: Tensor, starts: Tensor):
        low, high = rows.aminmax()
        if low < 0 or high >= len(starts):
            raise InputError("The model asks for a table it does not have.")
        self.rows, self.count = rows, count
        self.before, self.starts = (what.index_select(0, rows.flatten()).view(rows.shape) for what in (before, starts))
        small = rows.numpy().astype(np.min_scalar_type(len(starts) - 1))
        # by place and then by image; numpy sorts integers of up to 16 bits by radix
        self._order = torch.from_numpy(small.T.ravel().argsort(kind="stable"))
        ends = (np.bincount(small.ravel()).cumsum() * (count // len(rows))).tolist()
        spans = enumerate(map(slice, [0, *ends], ends))
        self.groups = [(row, span) for row, span in spans if span.start < span.stop]

    @cached_property
    def _places(self) -> Tensor:
        return torch.empty_like(self._order).scatter_(0, self._order, torch.arange(len(self._order)))

    def fits(self, rows: Tensor, count: int) -> bool:
        """Whether another part has the same order."""
        return len(rows) == len(self.rows) == 1 and count == self.count and torch.equal(rows, self.rows)

    def sorted(self, ranks: Tensor) -> Tensor:
        """Ranks (N, n) in the order they are sent."""
        return self._alike(ranks.t().contiguous()).index_select(0, self._order).flatten()

    def restored(self, ranks: Tensor) -> Tensor:
        """Ranks in the order they were sent, as (N, n)."""
        by_place = self._alike(ranks).index_select(0, self._places)
        return by_place.view(-1, self.count).t().contiguous()

    def _alike(self, ranks: Tensor) -> Tensor:
        """Ranks by place and then by image, as rows that stay together: all images of a place, or a single one."""
        return ranks.view(len(self._order), -1)
