"""Contract of a codec's network, which objectives train, shifts use and coders run."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from shiftpress.core.coding import Source, Symbols

Structure = Literal["single", "nested", "residual", "angle"]
"""What a code is made of; an objective says which structures it can train."""

FULL = "full"


@dataclass(frozen=True)
class Coded:
    """What comes out of a codec: reconstructions (N, C, H, W) in [0, 1], and the bits (N,) each image took."""

    images: Tensor
    bits: Tensor


class Settling(nn.Module):
    """A layer that calculates something from its weights alone, which may be done once while they stay as they are."""

    def settle(self) -> None:
        """Do it now, and use that until told otherwise; gradients by the weights are not to be asked for."""
        raise NotImplementedError

    def unsettle(self) -> None:
        """Do it again at each call."""
        raise NotImplementedError


class CodecNet(nn.Module):
    """Encoder, quantiser and decoder in one module.

    ``stages`` names the ways to decode, the last one from all bits. A code of structure ``angle`` keeps a ``finder``,
    which maps images to logits (N, K) over K angles from -180 degrees on.
    """

    stages: tuple[str, ...] = (FULL,)

    def forward(self, images: Tensor, stage: str = FULL) -> Coded:
        """Code images (N, C, H, W) in [0, 1]. The decoder sees only what the encoder would send."""
        raise NotImplementedError

    def encode(self, images: Tensor, stage: str = FULL) -> Iterator[Symbols]:
        """The code of images (N, C, H, W), part by part."""
        raise NotImplementedError

    def decode(self, source: Source, count: int, stage: str = FULL) -> Tensor:
        """Reconstructions (count, C, H, W) in [0, 1], from the same parts."""
        raise NotImplementedError

    def rate_weight(self) -> float | Tensor:
        """What a bit costs in squared error when the codec is trained; nothing where the rate is fixed."""
        return 0.0

    def after_step(self, bits: Tensor) -> None:
        """Called after each step of training with the bits (N,) of its images."""

    @torch.no_grad()
    def freeze(self) -> None:
        """Called once after training: make the tables that streams are written with."""

    def loss(self, images: Tensor, stage: str = FULL) -> tuple[Tensor, Coded]:
        """Distortion plus the price of the bits, per image (N,), and what it was computed from."""
        coded = self(images, stage)
        return distortion(images, coded.images) + self.rate_weight() * coded.bits, coded


def distortion(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Squared error summed over the values of each image, (N,): d(x, x_hat) of Lei et al. 2021, section 1."""
    return (images - reconstructions).square().flatten(1).sum(1)
