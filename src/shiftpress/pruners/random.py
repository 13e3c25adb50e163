"""Random masks: a control for what magnitudes tell."""

import torch
from torch import Tensor

from shiftpress.core.selection import smallest_removed
from shiftpress.core.tensors import State
from shiftpress.pruners._iterative import Iterative
from shiftpress.pruners.base import Masks


class RandomMasks(Iterative):
    """Learning-rate rewinding that removes weights at random, in each layer as many as their magnitudes would.

    A control that the paper lacks. The layers' shares are those the rule finds in this network, so at the first level
    they equal LRR's, and later they follow their own course.
    """

    title = "random masks"

    def masks(self, weights: State, sparsity: float, before: Masks, random: torch.Generator) -> Masks:
        wanted = super().masks(weights, sparsity, before, random)
        return {name: _chosen(mask, before.get(name), random) for name, mask in wanted.items()}


def _chosen(wanted: Tensor, before: Tensor | None, random: torch.Generator) -> Tensor:
    """As many positions as ``wanted`` has, at random among those there were."""
    draws = torch.rand(wanted.shape, generator=random)
    if before is not None:
        draws = draws.masked_fill(~before, -1.0)
    return smallest_removed(draws.flatten(), int((~wanted).sum())).view_as(wanted)
