"""Filters at random: a control for what criteria tell."""

import torch
from torch import Tensor

from shiftpress.filters.base import FilterPruner, Seen


class RandomFilters(FilterPruner):
    """Remove filters at random. What it loses beside others is what ranking is worth."""

    title = "random filters"
    comparable = True

    def scores(self, seen: Seen, random: torch.Generator) -> Tensor:
        return torch.rand(len(seen.weight), generator=random)
