"""Filters by the sum of their weights' magnitudes."""

import torch
from torch import Tensor

from shiftpress.filters.base import FilterPruner, Seen


class L1(FilterPruner):
    """Remove filters with the smallest L1 norm (Li et al. 2017).

    Our default: the criterion of most work on filter pruning; which one Shen et al. 2024 take is not known.
    """

    title = "L1 norm"

    def scores(self, seen: Seen, random: torch.Generator) -> Tensor:
        return seen.weight.flatten(1).abs().sum(1)
