"""Contract of a codec."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from shiftpress.core.component import Component
from shiftpress.core.splits import Shape


@dataclass(frozen=True)
class Coded:
    """What comes out of a codec: reconstructions (N, C, H, W) in [0, 1], and the bits (N,) each image took."""

    images: Tensor
    bits: Tensor


class CodecNet(nn.Module):
    """Encoder, quantiser and decoder in one module."""

    def forward(self, images: Tensor) -> Coded:
        """Code images (N, C, H, W) in [0, 1]. The decoder sees only what the encoder would send."""
        raise NotImplementedError


class Codec(Component):
    """A kind of codec; ``build`` makes an untrained one."""

    title: ClassVar[str]

    @abstractmethod
    def build(self, shape: Shape) -> CodecNet:
        """A new network for images of shape (C, H, W), its weights from torch's global generator."""

    @abstractmethod
    def rate(self, shape: Shape) -> float | None:
        """Bits per image, if the rate is fixed before training."""

    def misfit(self, shape: Shape) -> str | None:
        """Why images of this shape cannot be coded, or nothing."""
        return None
