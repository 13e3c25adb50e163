"""Encoder, decoder and quantiser of Lei, Hassani, Saeedi Bidokhti 2021, of which their codecs are made."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from shiftpress.codecs._scaling import Double, Halve
from shiftpress.codecs._steady import SteadyLinear
from shiftpress.codecs.base import Codec
from shiftpress.core.codecnet import Settling
from shiftpress.core.normalisation import BatchNorm
from shiftpress.core.splits import Shape

Norm = Literal["running", "batch"]


class Autoencoder(Codec):
    """What codecs made of these parts have in common. Widths are w, 2w, 4w, 8w; the paper has w = 64."""

    levels: int = Field(12, ge=2, le=256, description="L, values each number can take")
    width: int = Field(16, ge=1, le=512, description="w, channels of the first convolution; 64 in the paper")
    norm: Norm = Field(
        "running",
        description="statistics of batch normalisation in use; batch is an ablation, where neighbours change an image",
    )

    def misfit(self, shape: Shape) -> str | None:
        _, height, width = shape
        if height % 16 or width % 16:
            return f"sides must be multiples of 16, not {height}x{width}"
        return None


class SoftToHard(nn.Module):
    """Nearest of L levels equally spaced on [-1, 1], ends included; the gradient is that of a soft assignment.

    Backward, Q is replaced by s(z) = sum_j c_j softmax_j(-sigma (z - c_j)^2) with sigma = 1 (Agustsson et al. 2017;
    Tschannen et al. 2018), because the derivative of a step function teaches nothing.
    """

    sigma = 1.0

    def __init__(self, levels: int):
        super().__init__()
        self.register_buffer("centres", torch.linspace(-1, 1, levels))

    def forward(self, z: Tensor) -> Tensor:
        distance = (z.unsqueeze(-1) - self.centres).square()
        hard = self.centres[distance.argmin(-1)]
        if not torch.is_grad_enabled():
            return hard
        soft = ((-self.sigma * distance).softmax(-1) * self.centres).sum(-1)
        return soft + (hard - soft).detach()

    def symbols(self, z: Tensor) -> Tensor:
        """Which level is nearest, int64 of the same shape."""
        return (z.unsqueeze(-1) - self.centres).square().argmin(-1)


def encoder(shape: Shape, width: int, latents: int, norm: Norm) -> nn.Sequential:
    """Images (N, C, H, W) -> numbers (N, latents) in (-1, 1)."""
    return nn.Sequential(
        *_down(shape[0], width, norm),
        *_down(width, 2 * width, norm),
        *_down(2 * width, 4 * width, norm),
        Halve(4 * width, 8 * width, 4),
        nn.Sigmoid(),
        nn.Flatten(),
        SteadyLinear(_features(shape, width), latents),
        nn.Tanh(),
    )


def decoder(shape: Shape, width: int, latents: int, norm: Norm) -> nn.Sequential:
    """Numbers (N, latents) -> images (N, C, H, W) in [0, 1]."""
    return nn.Sequential(
        SteadyLinear(latents, _features(shape, width)),
        nn.ReLU(),
        nn.Unflatten(1, (8 * width, shape[1] // 16, shape[2] // 16)),
        *_up(8 * width, 4 * width, norm),
        *_up(4 * width, 2 * width, norm),
        *_up(2 * width, width, norm),
        Double(width, shape[0], 4),
        nn.Sigmoid(),
    )


def _features(shape: Shape, width: int) -> int:
    return 8 * width * (shape[1] // 16) * (shape[2] // 16)


def _down(fan_in: int, fan_out: int, norm: Norm) -> list[nn.Module]:
    """Halve the side. The activation comes before the normalisation, as in the reference."""
    return [Halve(fan_in, fan_out, 4), nn.LeakyReLU(0.2), _normalisation(fan_out, norm)]


def _up(fan_in: int, fan_out: int, norm: Norm) -> list[nn.Module]:
    return [Double(fan_in, fan_out, 4), nn.ReLU(), _normalisation(fan_out, norm)]


def _normalisation(channels: int, norm: Norm) -> nn.Module:
    return Normalisation(channels, track_running_stats=norm == "running")


class Normalisation(BatchNorm, Settling):
    """Batch normalisation that is one scale and shift of each channel where its statistics are settled.

    torch's own gradient of that adds up sums over the batch which nobody asks for, and takes four times as long; inner
    maximisations ask for little else.
    """

    _settled: tuple[Tensor, Tensor] | None = None

    def forward(self, images: Tensor) -> Tensor:
        if self.training or not self.track_running_stats:
            return super().forward(images)
        shift, scale = self._settled or self._affine()
        return torch.addcmul(shift, images, scale)

    def settle(self) -> None:
        self._settled = self._affine() if self.track_running_stats else None

    def unsettle(self) -> None:
        self._settled = None

    def _affine(self) -> tuple[Tensor, Tensor]:
        """What is added to every channel, and what it is multiplied by, (C, 1, 1) each."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        return (self.bias - self.running_mean * scale).view(-1, 1, 1), scale.view(-1, 1, 1)
