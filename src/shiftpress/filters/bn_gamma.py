"""Filters by the scale of the normalisation behind them."""

import torch
from torch import Tensor

from shiftpress.filters.base import FilterPruner, Seen


class BatchNormScale(FilterPruner):
    """Remove filters whose normalised outputs are scaled down most (Liu et al. 2017), without their L1 penalty.

    Layers whose normalisation has no scale, or that have none, stay whole.
    """

    title = "normalisation scale"
    comparable = True

    def scores(self, seen: Seen, random: torch.Generator) -> Tensor | None:
        return None if seen.scale is None else seen.scale.abs()
