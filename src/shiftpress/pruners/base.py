"""Contract of a pruner."""

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from shiftpress.core.component import Component, Name
from shiftpress.core.selection import smallest_removed
from shiftpress.core.tensors import State

Masks = dict[str, Tensor]
"""By name of a prunable weight: boolean, shaped like it, false where it is removed."""

Scope = Literal["global", "layerwise"]


@dataclass(frozen=True)
class Span:
    """How a round is trained, next to the recipe that all methods share."""

    length: float = 1.0
    """Epochs, as a multiple of the recipe's."""
    first: int = 0
    """Steps of the schedule left out at its start: they lie before the state the round starts from."""
    lr: float = 1.0
    """Step size, as a multiple of the recipe's."""
    constant: bool = False
    """Whether the step size is held instead of following the schedule."""
    weight_decay: float | None = None
    """In place of the recipe's."""


class Pruner(Component):
    """How sparse networks are made, level by level.

    Sparsity is the fraction of prunable weights removed. Only weights of convolutions and linear layers are prunable,
    never biases or normalisation. The loops in ``shiftpress.training`` ask a pruner what to keep, from which state a
    round starts and how long it lasts; they count the steps of every method in the same way.
    """

    title: ClassVar[str]
    begins: ClassVar[Literal["dense", "untrained"]] = "dense"
    """The network a chain is made from."""
    chained: ClassVar[bool] = False
    """Whether a level goes on from the level before; else each is made anew from what the chain begins with."""
    rechooses: ClassVar[bool] = False
    """Whether masks are chosen during a round (``sparsity_at``), not before it."""
    prunes: ClassVar[bool] = True
    """False for controls that remove nothing: their sparsities name the levels of others that they match."""

    sparsities: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.5, 0.6, 0.8, 0.9, 0.95], min_length=1, max_length=100, description="rising levels, each one a card"
    )
    scope: Scope = Field("global", description="one threshold for the network, or one a layer")

    only: list[Name] | None = Field(None, description="classifiers it is applied to; none: all of the study")

    @field_validator("sparsities")
    @classmethod
    def _rising(cls, levels: list[float]) -> list[float]:
        if any(a >= b for a, b in pairwise(levels)):
            raise ValueError("sparsities must rise")
        return levels

    @property
    def rewind(self) -> int:
        """The step of the first training whose state ``restart`` is given as ``early``; 0 is the untrained network."""
        return 0

    def rounds(self, before: float, target: float) -> list[float]:
        """Sparsities of the trainings that lead from one level to the next, the level's own last."""
        return [target]

    def masks(self, weights: State, sparsity: float, before: Masks, random: torch.Generator) -> Masks:
        """What to keep of some trained weights, within the masks ``before`` (none: everything).

        By default the largest magnitudes.
        """
        return largest({name: weight.abs() for name, weight in weights.items()}, sparsity, before, self.scope)

    def sparsity_at(self, target: float, step: int, total: int) -> float | None:
        """The sparsity from this step of a round on, if the masks are chosen anew now; for those that ``rechooses``."""
        return None

    def restart(self, trained: State, early: State) -> State:
        """The state from which a round starts, given the one the last training ended in and the one at ``rewind``."""
        return trained

    def span(self) -> Span:
        """How long a round lasts, and at which step sizes."""
        return Span(first=self.rewind)


class ScorePruner(Pruner):
    """Finds a sparse network inside a random one: the weights stay, and what is trained is a score for each."""

    begins = "untrained"
    rechooses = True
    binary: ClassVar[bool]
    """Whether a kept weight is its sign times one gain per layer."""

    length: float = Field(2.0, gt=0, le=100, description="epochs per level, as a multiple of the recipe's")
    lr: float = Field(1.0, gt=0, le=1000, description="step size of the scores, as a multiple of the recipe's")
    weight_decay: float | None = Field(None, ge=0, le=1, description="penalty on the scores; none: the recipe's")

    @abstractmethod
    def fixed(self, weight: Tensor, sparsity: float) -> Tensor:
        """The weights to choose from, given those of the untrained network."""

    def scores(self, weight: Tensor, random: torch.Generator) -> Tensor:
        """Scores at the start: Kaiming-uniform with a = sqrt(5), which is U(-1, 1) / sqrt(fan-in) (hidden-networks)."""
        draws = torch.rand(weight.shape, generator=random) * 2 - 1
        return draws / weight[0].numel() ** 0.5

    def span(self) -> Span:
        return Span(length=self.length, lr=self.lr, weight_decay=self.weight_decay)

    def sparsity_at(self, target: float, step: int, total: int) -> float:
        return target


def prunable(net: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of convolutions and linear layers, by parameter name."""
    return {
        f"{name}.weight": layer.weight
        for name, layer in net.named_modules()
        if isinstance(layer, (nn.Conv2d, nn.Linear))
    }


def largest(scores: State, sparsity: float, before: Masks, scope: Scope) -> Masks:
    """Masks that keep the largest scores, none of which is negative, of what was kept before."""
    scores = {n: s.masked_fill(~before[n], -1.0) if n in before else s for n, s in scores.items()}
    if scope == "layerwise":
        return {name: _keep(score.flatten(), sparsity).view_as(score) for name, score in scores.items()}
    kept = _keep(torch.cat([score.flatten() for score in scores.values()]), sparsity)
    parts = kept.split([score.numel() for score in scores.values()])
    return {name: part.view_as(scores[name]) for name, part in zip(scores, parts, strict=True)}


def _keep(scores: Tensor, sparsity: float) -> Tensor:
    return smallest_removed(scores, round(sparsity * scores.numel()))
