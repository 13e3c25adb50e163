"""Contract of an attack."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, field_validator, model_validator
from torch import Tensor, nn

from shiftpress.core.component import Component, Name
from shiftpress.core.draws import Draws

Norm = Literal["linf", "l2"]
Follows = Literal["cross_entropy", "margin", "nothing"]
"""Whose gradients an attack follows; nothing: it sees logits alone."""
Rises = Annotated[list[float], Field(min_length=1, max_length=100)]


@dataclass(frozen=True)
class Chance:
    """Random numbers of an attack: ``seed`` says what they are for, ``ids`` (N,) int64 whose images."""

    seed: int
    ids: Tensor

    def __getitem__(self, rows: slice | Tensor) -> "Chance":
        """Those of some of the images."""
        return Chance(self.seed, self.ids[rows])

    @property
    def draws(self) -> Draws:
        """Numbers that belong to an image, whatever batch it is in."""
        return Draws(self.seed, self.ids)


class Attack(Component):
    """Moves images to where a network errs.

    A network maps images (N, C, H, W) in [0, 1] to logits (N, K), normalisation inside, and is in evaluation mode. An
    attack leaves its parameters, buffers and mode as they were, and torch's generator, too. It knows the labels.
    """

    title: ClassVar[str]
    follows: ClassVar[Follows] = "cross_entropy"
    keeps_best: ClassVar[bool] = True
    """Whether an image is left once it is misclassified, and ends at the worst it was moved to; else the last step
    counts, for images that are misclassified anyway, too."""

    only: list[Name] | None = Field(None, min_length=1, description="names of datasets it is for; none means all")
    phases: list[Literal["cards", "decks", "atmc", "edge"]] = Field(
        ["cards", "decks", "atmc", "edge"], min_length=1, description="whose networks it is run on"
    )
    models: list[str] = Field(
        ["*"],
        min_length=1,
        description="patterns of those networks, such as convs/*/lrr, pair33/spectral, lenet/atmc8 or edge_l/w8a8",
    )
    routes: Literal["own", "all"] = Field(
        "own",
        description="whose gradients are followed: the network's own, or also those of every stand-in it has "
        "(straight-through, dense parent, soft gate); the worst counts, image by image",
    )

    @property
    @abstractmethod
    def strengths(self) -> list[float]:
        """The settings it is run at, each a severity in the records; the mildest first."""

    @property
    def parts(self) -> list["Attack"]:
        """What it consists of, in this order; each sees the images that those before it left."""
        return [self]

    def perturb(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        """The moved images, like ``images`` (N, C, H, W) float32 in [0, 1].

        Raises ValueError for a network in training mode: it would be another one for each batch.
        """
        if any(module.training for module in net.modules()):
            raise ValueError("an attack needs the network as it is deployed, in eval mode")
        if not len(images):
            return images.clone()
        with held_still(net):
            return self.moved(net, images, labels, strength, chance)

    @abstractmethod
    def moved(self, net: nn.Module, images: Tensor, labels: Tensor, strength: float, chance: Chance) -> Tensor:
        """What ``perturb`` returns. The network's parameters ask for no gradients meanwhile."""


class BallAttack(Attack):
    """Stays within a ball around each image and within [0, 1]; its strengths are radii."""

    norm: Norm = Field("linf", description="of the ball")
    eps: Rises = Field(description="radii, rising; in units of a pixel's range [0, 1], lengths for l2")

    @field_validator("eps")
    @classmethod
    def _rising(cls, radii: list[float]) -> list[float]:
        if radii[0] <= 0 or any(a >= b for a, b in pairwise(radii)):
            raise ValueError("radii are above 0 and must rise; 0 is always tried")
        return radii

    @model_validator(mode="after")
    def _within_range(self) -> "BallAttack":
        if self.norm == "linf" and self.eps[-1] > 1:
            raise ValueError("radii are in units of a pixel's range [0, 1]: write 0.03137 for 8/255")
        return self

    @property
    def strengths(self) -> list[float]:
        return self.eps


@contextmanager
def held_still(net: nn.Module) -> Iterator[None]:
    """The network out of reach of gradients: a backward pass computes those of the images alone."""
    asking = [parameter for parameter in net.parameters() if parameter.requires_grad]
    for parameter in asking:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in asking:
            parameter.requires_grad_(True)


def wrong(logits: Tensor, labels: Tensor) -> Tensor:
    """Which images (N,) are misclassified; a network that says NaN knows nothing."""
    return (logits.argmax(1) != labels) | logits.detach().isnan().any(1)


def slope(loss: Callable[[Tensor], Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
    """The loss (N,) of each image, and its gradient with respect to the image; zero where the two are not connected."""
    images = images.detach().requires_grad_()
    with torch.enable_grad():
        values = loss(images)
        (found,) = torch.autograd.grad(values.sum(), images, allow_unused=True, materialize_grads=True)
    return values.detach(), found


def steepest(gradient: Tensor, norm: Norm) -> Tensor:
    """The step of length 1 in the norm that rises most; none where the gradient is zero."""
    if norm == "linf":
        return gradient.sign()
    lengths = gradient.flatten(1).norm(dim=1).clamp_min(1e-12)
    return gradient / lengths[:, None, None, None]


def into_ball(moved: Tensor, images: Tensor, eps: float, norm: Norm) -> Tensor:
    """The nearest points of the ball, brought into [0, 1], which leads no farther away."""
    if norm == "linf":
        return torch.clamp(moved, images - eps, images + eps).clamp_(0, 1)
    apart = moved - images
    lengths = apart.flatten(1).norm(dim=1)
    shrink = torch.where(lengths > eps, eps / lengths.clamp_min(1e-12), torch.ones_like(lengths))
    return (images + apart * shrink[:, None, None, None]).clamp_(0, 1)


def distance(moved: Tensor, images: Tensor, norm: Norm) -> Tensor:
    """How far each image was moved, (N,)."""
    apart = (moved - images).flatten(1)
    return apart.abs().amax(1) if norm == "linf" else apart.norm(dim=1)
