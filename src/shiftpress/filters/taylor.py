"""Filters by what the loss would be without them, to the first order."""

import torch
from torch import Tensor

from shiftpress.filters.base import FilterPruner, Seen


class Taylor(FilterPruner):
    """Remove filters whose absence changes the loss least, to the first order (Molchanov et al. 2019).

    The loss is that on training images. A filter's gate is behind its normalisation, or its own weights where there is
    none.
    """

    title = "Taylor"
    looks = True
    comparable = True

    def scores(self, seen: Seen, random: torch.Generator) -> Tensor:
        return seen.change
