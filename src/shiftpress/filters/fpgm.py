"""Filters by how far they are from all others of their layer."""

import torch
from torch import Tensor

from shiftpress.filters.base import FilterPruner, Seen


class GeometricMedian(FilterPruner):
    """Remove filters that are nearest to the geometric median of their layer, FPGM (He et al. 2019).

    Those have the least sum of distances to the others, which can stand in for them, however large they are.
    """

    title = "geometric median"

    def scores(self, seen: Seen, random: torch.Generator) -> Tensor:
        filters = seen.weight.flatten(1).double()  # the fast way to distances cancels in float32
        return torch.cdist(filters, filters).sum(1)
