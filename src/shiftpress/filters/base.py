"""Contract of a criterion for filters."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor

from shiftpress.core.component import Component
from shiftpress.filters._choice import enough, removals

Weigh = Callable[[list[int]], int]
"""Filters kept of each layer -> parameters of the whole network."""
Kept = dict[str, Tensor]
"""By layer: positions (kept,) of the filters that stay, rising."""


@dataclass(frozen=True)
class Seen:
    """What is known of the filters of one layer, (count, ...)."""

    weight: Tensor
    scale: Tensor | None = None
    """Of the normalisation behind it, (count,); none if it has no scale of its own."""
    change: Tensor | None = None
    """Squared change of the loss without each filter, to the first order; mean over batches, (count,)."""


class FilterPruner(Component):
    """How filters are ranked, and how many of the least are removed.

    A filter is an output of a convolution, or of a linear layer inside the network, with everything that has a place
    for it. A ratio is the share of all parameters, biases and normalisation among them, that is kept.
    """

    title: ClassVar[str]
    looks: ClassVar[bool] = False
    """Whether it needs ``Seen.change``, for which the network has to look at images."""
    comparable: ClassVar[bool] = False
    """Whether scores of different layers are on one scale; else each layer's are divided by their mean."""

    ratios: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.75, 0.5, 0.25, 0.125],
        min_length=1,
        max_length=100,
        description="falling shares of the parameters, each one a network; those at which claims compare sizes",
    )
    scope: Literal["uniform", "global"] = Field(
        "uniform",
        description="as large a share of every layer, so that only filters are ranked; or one ranking of all layers'",
    )
    least: float = Field(
        0.1, gt=0, le=1, description="share of each layer that stays: a global ranking could empty one"
    )
    rounds: int = Field(
        1, ge=1, le=100, description="1: at once, then tuned; more: by equal factors, tuned in between as long in all"
    )

    @field_validator("ratios")
    @classmethod
    def _falling(cls, ratios: list[float]) -> list[float]:
        if any(a <= b for a, b in pairwise(ratios)):
            raise ValueError("ratios must fall")
        return ratios

    @abstractmethod
    def scores(self, seen: Seen, random: torch.Generator) -> Tensor | None:
        """How much each filter of a layer matters, (count,), none negative; nothing if it cannot say."""

    def targets(self, ratio: float) -> list[float]:
        """Shares of the parameters after each round, the ratio last."""
        return [ratio ** (done / self.rounds) for done in range(1, self.rounds + 1)]

    def kept(self, layers: dict[str, Seen], target: int, least: dict[str, int], weigh: Weigh, random) -> Kept:
        """The filters that stay, so that the network has ``target`` parameters or as nearly as filters allow.

        At least so many of each layer as ``least`` says. Raises InputError if that is too much.
        """
        scores = {name: self.scores(seen, random) for name, seen in layers.items()}
        counts = {name: len(seen.weight) for name, seen in layers.items()}
        ranked = {
            n: s if self.comparable else s / s.mean().clamp_min(1e-12) for n, s in scores.items() if s is not None
        }
        order = removals(ranked, least, alike=self.scope == "uniform")
        gone = enough(order, counts, target, weigh)
        found = {}
        for name, count in counts.items():
            stays = torch.ones(count, dtype=torch.bool)
            stays[[position for layer, position in gone if layer == name]] = False
            found[name] = stays.nonzero().flatten()
        return found
