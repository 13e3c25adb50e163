"""Adam for small networks."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """Adam (Kingma and Ba 2015) in one call for all weights; the ones that got no gradient stay, and so do their means.

    The same numbers as torch.optim.Adam up to rounding. That class imports torch's compiler, which takes a second per
    job, and one call for each weight and line of the algorithm took a tenth of a codec's step.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float):
        self._weights, self._lr = list(weights), lr
        self._means = [torch.zeros_like(weight) for weight in self._weights]
        self._squares = [torch.zeros_like(weight) for weight in self._weights]
        self._steps = [torch.zeros((), device=weight.device) for weight in self._weights]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for weight in self._weights:
            weight.grad = None

    def state(self) -> dict[str, list[Tensor]]:
        """For a checkpoint, next to the weights."""
        return {"means": self._means, "squares": self._squares, "steps": self._steps}

    def load(self, tree: Mapping[str, list[Tensor]]) -> None:
        """From a checkpoint, in the memory order of the weights."""
        for name, own in self.state().items():
            for tensor, kept in zip(own, tree[name], strict=True):
                tensor.copy_(kept)

    @torch.no_grad()
    def step(self) -> None:
        """Move the weights that have a gradient."""
        rows = [row for row, weight in enumerate(self._weights) if weight.grad is not None]
        kept = [[column[row] for row in rows] for column in (self._weights, self._means, self._squares, self._steps)]
        weights, means, squares, steps = kept
        settings = {"amsgrad": False, "weight_decay": 0.0, "maximize": False}
        numbers = {"lr": self._lr, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
        slopes = [weight.grad for weight in weights]
        adam(weights, slopes, means, squares, [], steps, fused=True, **settings, **numbers)
