"""Contract of a pruner."""

from abc import abstractmethod
from typing import Annotated, ClassVar

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from shiftpress.core.component import Component

Masks = dict[str, Tensor]


class Pruner(Component):
    """Turns a trained dense network into sparse ones, level by level, each from the one before.

    Sparsity is the fraction of prunable weights removed. Only weights of convolutions and linear layers are prunable,
    never biases or normalisation.
    """

    title: ClassVar[str]

    sparsities: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.5, 0.6, 0.8, 0.9, 0.95], min_length=1, max_length=100, description="rising levels, each one a card"
    )

    @field_validator("sparsities")
    @classmethod
    def _rising(cls, levels: list[float]) -> list[float]:
        if any(a >= b for a, b in zip(levels, levels[1:], strict=False)):
            raise ValueError("sparsities must rise")
        return levels

    @abstractmethod
    def masks(self, weights: dict[str, Tensor], sparsity: float, before: Masks) -> Masks:
        """Which weights to keep at a level: boolean, shaped like the weights, within the masks of the level before."""

    @abstractmethod
    def restart(self, trained: dict[str, Tensor]) -> dict[str, Tensor]:
        """The state from which the next round of training starts, given the state the last one ended in."""


def prunable(net: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of convolutions and linear layers, by parameter name."""
    return {
        f"{name}.weight": layer.weight
        for name, layer in net.named_modules()
        if isinstance(layer, (nn.Conv2d, nn.Linear))
    }


def smallest_removed(scores: Tensor, removed: int) -> Tensor:
    """A boolean mask that is false for exactly the ``removed`` smallest scores; ties fall to the earlier position.

    A partition, not a sort: the cost is linear in the number of weights.
    """
    if removed <= 0:
        return torch.ones_like(scores, dtype=torch.bool)
    threshold = scores.kthvalue(removed).values
    keep = scores > threshold
    ties = (scores == threshold).nonzero().flatten()
    spared = int(scores.numel() - removed - keep.sum())
    keep[ties[len(ties) - spared :]] = True
    return keep
