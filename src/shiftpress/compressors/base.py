"""Contract of a compressor."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field, field_validator
from torch import Tensor, nn

from shiftpress.core.checkpoints import Tree
from shiftpress.core.component import Component, Name
from shiftpress.core.recipe import AtmcFit, Objective
from shiftpress.core.tensors import State

Weights = Mapping[str, nn.Parameter]
"""By name: weights of a network's convolutions and linear layers, of two or four dimensions."""
Ratio = Annotated[float, Field(gt=0, le=1)]


class Form:
    """What is trained in the place of a network's weights: here, the weights themselves.

    The training loop takes a step with ``trained`` and calls ``gradients`` before it and ``after`` behind it.
    """

    def __init__(self, weights: Weights):
        self.weights = dict(weights)
        self.trained: list[Tensor] = list(self.weights.values())

    def gradients(self) -> None:
        """Give what is trained its gradients, from those of the weights."""

    def after(self) -> None:
        """Hold the constraints, and bring the network's weights up to date."""

    def finish(self) -> bool:
        """Make of the network what is kept of it, when training is over; whether that moved its weights."""
        return False

    def tensors(self) -> State:
        """For a file: what stands there for the weights, by name; factors of one as ``<name>/left`` and so on."""
        return {name: weight.detach() + 0.0 for name, weight in self.weights.items()}  # files know no minus zeros

    def state(self) -> Tree:
        """For a checkpoint, next to the network's own state."""
        return {}

    def load(self, tree: Tree) -> None:
        """From a checkpoint, after the network's own state."""


class Compressor(Component):
    """How a trained network is made small while training goes on.

    A ratio is of the number of weights of convolutions and linear layers; biases and normalisation are never touched.
    The ratios are made one by one, each from the same base network.
    """

    title: ClassVar[str]
    free: ClassVar[bool] = False
    """Whether its factors have an identity added that is not among their entries."""

    ratios: list[Ratio] = Field(min_length=1, max_length=100, description="falling ratios, each one a network")
    only: list[Name] | None = Field(None, description="classifiers it is applied to; none: all of the study")

    @field_validator("ratios")
    @classmethod
    def _falling(cls, ratios: list[float]) -> list[float]:
        if any(a <= b for a, b in pairwise(ratios)):
            raise ValueError("ratios must fall")
        return ratios

    @property
    def from_scratch(self) -> bool:
        """Whether it trains a new network, for the epochs of base and compression together."""
        return False

    def model_of(self, classifier: str, name: str, ratio: float) -> str:
        """The network's name in records, the ratio in percent; ``name`` is that of the entry."""
        return f"{classifier}/{name}" + (f"/{100 * ratio:.6g}" if len(self.ratios) > 1 or ratio < 1 else "")

    def objective_of(self, recipe: AtmcFit) -> Objective:
        """What its base network and its own training minimise."""
        return recipe.objective

    @abstractmethod
    def begin(self, weights: Weights, ratio: float) -> Form:
        """What is trained of a base network's weights at this ratio. Raises InputError if the ratio is too small."""


class Adversarial(Compressor):
    """One that is trained against attacks."""

    objective: Objective | None = Field(None, description="in place of that of fit.atmc, also for its base network")

    def objective_of(self, recipe: AtmcFit) -> Objective:
        return self.objective or recipe.objective


def budget(weights: Weights, ratio: float) -> int:
    """How many entries a ratio allows."""
    # a ratio such as 0.07 is not a binary number: without the margin, 0.07 of 100 would be 6
    return math.floor(ratio * sum(weight.numel() for weight in weights.values()) * (1 + 1e-12))
