"""Filters by their length."""

import torch
from torch import Tensor

from shiftpress.filters.base import FilterPruner, Seen


class L2(FilterPruner):
    """Remove filters with the smallest L2 norm (He et al. 2018 rank by it)."""

    title = "L2 norm"

    def scores(self, seen: Seen, random: torch.Generator) -> Tensor:
        return seen.weight.flatten(1).square().sum(1).sqrt()
