"""Contract of a classifier."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from shiftpress.core.component import Component
from shiftpress.core.splits import Shape


@dataclass(frozen=True)
class Filters:
    """Outputs of a layer that can be removed one by one, with all that has a place for each.

    ``layer`` computes ``count`` of them, ``norm`` normalises them if there is one, and ``reader`` alone reads them:
    each output is as many of its inputs as any other, in a row.
    """

    layer: str
    count: int
    norm: str | None
    reader: str


class Classifier(Component):
    """A kind of network; ``build`` makes an untrained one."""

    title: ClassVar[str]

    # not said where there are none, so that card files are as they were before there were any
    widths: list[Annotated[int, Field(ge=1, le=1 << 16)]] | None = Field(
        None,
        max_length=1000,
        exclude_if=lambda widths: widths is None,
        description="outputs of each layer whose filters can be removed, in order; none: as the other fields say",
    )

    @model_validator(mode="after")
    def _one_for_each(self) -> "Classifier":
        if self.widths is not None and len(self.widths) != len(self.removable()):
            raise ValueError(f"widths are of {len(self.removable())} layers here, not of {len(self.widths)}")
        return self

    def removable(self) -> list[Filters]:
        """What can be removed of the network that the fields say, whatever ``widths``; in the order of the layers."""
        return []

    @property
    def filters(self) -> list[Filters]:
        """What can be removed of the network that is built."""
        usual = self.removable()
        counts = self.widths or [one.count for one in usual]
        return [replace(one, count=count) for one, count in zip(usual, counts, strict=True)]

    @property
    def counts(self) -> dict[str, int]:
        """Outputs of each layer whose filters can be removed."""
        return {one.layer: one.count for one in self.filters}

    def narrowed(self, widths: list[int]) -> "Classifier":
        """The same kind of network with so many outputs in these layers."""
        return type(self)(**{**self.model_dump(), "widths": widths})

    @abstractmethod
    def build(self, shape: Shape, classes: int) -> nn.Module:
        """A new network, images (N, C, H, W) in [0, 1] -> logits (N, classes).

        The weights come from torch's global generator. Normalisation is inside, as a ``Normalise`` named ``normalise``.
        """

    def misfit(self, shape: Shape) -> str | None:
        """Why images of this shape cannot be classified, or nothing."""
        return None


class Normalise(nn.Module):
    """Subtract a mean and divide by a deviation per channel, both kept with the weights."""

    def __init__(self, channels: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, channels, 1, 1))
        self.register_buffer("deviation", torch.ones(1, channels, 1, 1))

    def fit(self, images: Tensor) -> None:
        """Take mean and deviation from training images (N, C, H, W)."""
        self.mean.copy_(images.mean(dim=(0, 2, 3), keepdim=True))
        self.deviation.copy_(images.std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-3))

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.deviation
