"""Contract of a classifier."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from shiftpress.core.component import Component
from shiftpress.core.splits import Shape


class Classifier(Component):
    """A kind of network; ``build`` makes an untrained one."""

    title: ClassVar[str]

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
