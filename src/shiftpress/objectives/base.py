"""Contract of a training objective for codecs."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor

from shiftpress.core.component import Component


class Objective(Component):
    """How a batch of images becomes a loss."""

    title: ClassVar[str]

    @abstractmethod
    def loss(self, net: Callable[[Tensor], Any], images: Tensor) -> Tensor:
        """A scalar to descend, for a codec in training mode and images (N, C, H, W) in [0, 1]."""


def distortion(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Squared error summed over the values of each image, (N,): d(x, x_hat) of Lei et al. 2021, section 1."""
    return (images - reconstructions).square().flatten(1).sum(1)
