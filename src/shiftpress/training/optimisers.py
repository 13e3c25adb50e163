"""Optimisers of small networks, in one call for all weights.

The same numbers as torch's classes up to rounding. Those import torch's compiler, which takes a second per job, and
what they do around a step took a tenth of a codec's and a fiftieth of a classifier's. Their functions sort the weights
by device and type, which are the same for all of a network: a third of a step of SGD. So the kernels are called here.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor


class Optimiser:
    """What is kept beside the weights, a column of tensors for each name.

    Weights that got no gradient stay, and so does what is kept of them. ``lr`` may be changed between steps.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float, weight_decay: float = 0.0):
        self._weights, self.lr, self._weight_decay = list(weights), lr, weight_decay
        self._columns: dict[str, list[Tensor]] = {}

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for weight in self._weights:
            weight.grad = None

    def state(self) -> dict[str, list[Tensor]]:
        """For a checkpoint, next to the weights."""
        return self._columns

    def load(self, tree: Mapping[str, list[Tensor]]) -> None:
        """From a checkpoint, in the memory order of the weights.

        The order matters: vectorised and scalar code round differently.
        """
        for name, own in self._columns.items():
            for tensor, kept in zip(own, tree[name], strict=True):
                tensor.copy_(kept)

    def step(self) -> None:
        """Move the weights that have a gradient."""
        columns = (self._weights, *self._columns.values())
        if any(weight.grad is None for weight in self._weights):
            rows = [row for row, weight in enumerate(self._weights) if weight.grad is not None]
            columns = tuple([column[row] for row in rows] for column in columns)
        if columns[0]:
            with torch.no_grad():
                self._move(columns[0], [_in_order(weight) for weight in columns[0]], *columns[1:])

    def _move(self, weights: list[Tensor], slopes: list[Tensor], *kept: list[Tensor]) -> None:
        raise NotImplementedError


class Adam(Optimiser):
    """Kingma and Ba 2015."""

    def __init__(self, weights: Iterable[Tensor], lr: float, weight_decay: float = 0.0):
        super().__init__(weights, lr, weight_decay)
        self._columns = {name: [torch.zeros_like(weight) for weight in self._weights] for name in ("means", "squares")}
        self._columns["steps"] = [torch.zeros((), device=weight.device) for weight in self._weights]

    def _move(self, weights: list[Tensor], slopes: list[Tensor], *kept: list[Tensor]) -> None:
        means, squares, steps = kept
        numbers = {"lr": self.lr, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": self._weight_decay}
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(weights, slopes, means, squares, [], steps, amsgrad=False, maximize=False, **numbers)


class SGD(Optimiser):
    """Stochastic gradient descent with Nesterov's momentum (Sutskever et al. 2013), or with none."""

    def __init__(self, weights: Iterable[Tensor], lr: float, weight_decay: float = 0.0, momentum: float = 0.9):
        super().__init__(weights, lr, weight_decay)
        self._momentum = momentum
        # zeros are what the first step would find: it then keeps its gradient
        self._columns = {"means": [torch.zeros_like(weight) for weight in self._weights]}

    def _move(self, weights: list[Tensor], slopes: list[Tensor], *kept: list[Tensor]) -> None:
        means = kept if self._momentum else ([],)
        numbers = {"lr": self.lr, "momentum": self._momentum, "weight_decay": self._weight_decay, "dampening": 0.0}
        how = {"nesterov": self._momentum > 0, "maximize": False, "is_first_step": False}
        torch._fused_sgd_(weights, slopes, *means, **numbers, **how)


def _in_order(weight: Tensor) -> Tensor:
    """The gradient in the memory order of its weight: a fused step takes both as they lie, and says nothing if that is
    wrong."""
    slope = weight.grad
    return slope if slope.stride() == weight.stride() else torch.empty_like(weight).copy_(slope)
