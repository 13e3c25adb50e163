"""No pruning at all, for as long as iterative pruning trains: a control for the length of training."""

import torch

from shiftpress.core.tensors import State
from shiftpress.pruners._iterative import Iterative
from shiftpress.pruners.base import Masks


class DenseLong(Iterative):
    """Learning-rate rewinding that removes nothing: the same rounds, epochs and cycles of the step size.

    A control that the paper lacks: its sparse networks train many times as long as its dense ones. Each level is a
    dense network, named by the sparsity that LRR reaches with the same training.
    """

    title = "dense, as long"
    prunes = False

    def masks(self, weights: State, sparsity: float, before: Masks, random: torch.Generator) -> Masks:
        return {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}
