"""Weights that are trained while masked ones are held at zero."""

import torch
from torch import nn

from shiftpress.core.checkpoints import Tree
from shiftpress.core.tensors import State
from shiftpress.pruners.base import Masks, Pruner, prunable


class Masked:
    """A network whose weights are trained while masked ones are zero.

    ``pruner`` may choose the masks anew during the round; without one they stay.
    """

    smooths = True

    def __init__(self, net: nn.Module, masks: Masks, *, pruner: Pruner | None = None, target: float = 0.0):
        self.trained = list(net.parameters())
        self._weights, self._pruner, self._target = prunable(net), pruner, target
        self._random = torch.Generator().manual_seed(0)  # no pruner that changes masks inside a round draws
        self.reached = pruner is None or bool(masks)
        """Whether the sparsity is that of the level."""
        self._take(masks)
        self.apply()

    @property
    def masks(self) -> Masks:
        """What is kept, by name, where the network is."""
        return {name: keep.bool() for name, keep in zip(self._names, self._keeps, strict=True)}

    def before(self, step: int, total: int) -> None:
        """What happens before a step."""
        sparsity = None if self._pruner is None else self._pruner.sparsity_at(self._target, step, total)
        if sparsity is None:
            return
        weights = {name: weight.detach() for name, weight in self._weights.items()}
        self._take(self._pruner.masks(weights, sparsity, self.masks, self._random))
        self.reached = sparsity == self._target
        self.apply()

    def gradients(self) -> None:
        """What happens to the gradients before they are followed."""

    @torch.no_grad()
    def apply(self) -> None:
        """Hold what is held."""
        if self._held:
            torch._foreach_mul_(self._held, self._keeps)

    after = apply

    def state(self) -> Tree:
        """For a checkpoint, next to the network's own state."""
        return {"masks": self.masks, "reached": self.reached}

    def load(self, tree: Tree) -> None:
        """From a checkpoint, after the network's own state."""
        self._take(tree["masks"])
        self.reached = tree["reached"]

    def _take(self, masks: Masks) -> None:
        self._names = list(masks)
        self._held = [self._weights[name] for name in masks]
        # in the memory order of the weights: mixed orders are several times slower
        self._keeps = [torch.empty_like(self._weights[name]).copy_(mask) for name, mask in masks.items()]


def state_of(net: nn.Module) -> State:
    """A copy of a network's state, on the CPU."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in net.state_dict().items()}
