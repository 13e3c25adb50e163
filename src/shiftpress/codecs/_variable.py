"""What codecs with an entropy model have in common: transforms, the price of a bit, and how it is found."""

from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor, nn

from shiftpress.codecs._scaling import Double, Halve
from shiftpress.codecs.base import Codec
from shiftpress.core.codecnet import CodecNet
from shiftpress.core.splits import Shape


class VariableRate(Codec):
    """Rate-distortion Lagrangian: squared error plus ``rate_weight`` per bit (Balle et al. 2017).

    With ``target_bpp`` the weight is found by dual ascent: after each step it is multiplied by (b / target)^rate_step,
    b being the bits of the batch per pixel and the ratio no more than e either way: an untrained codec sends ten times
    too much, and that must not drive the price out of reach. So methods can be compared at equal rate.
    """

    channels: int = Field(32, ge=1, le=1024, description="N, channels of the transforms")
    latents: int = Field(48, ge=1, le=1024, description="M, channels of the code")
    halvings: int = Field(3, ge=1, le=6, description="convolutions of stride 2 on the way to the code")
    rate_weight: float = Field(
        0.1, gt=0, le=1e4, description="squared error a bit may cost; the start if target_bpp is given"
    )
    target_bpp: float | None = Field(
        None, gt=0, le=64, description="bits per pixel to train for; none fixes rate_weight"
    )
    rate_step: float = Field(0.02, gt=0, le=1, description="step of the dual ascent on rate_weight")

    def rate(self, shape: Shape) -> None:
        return None

    def multiple(self) -> int:
        """Sides of an image must be multiples of this."""
        return 2**self.halvings

    def misfit(self, shape: Shape) -> str | None:
        _, height, width = shape
        if height % self.multiple() or width % self.multiple():
            return f"sides must be multiples of {self.multiple()}, not {height}x{width}"
        return None


class VariableRateNet(CodecNet):
    """Keeps the price of a bit with the weights."""

    weight: Tensor

    def __init__(self, codec: VariableRate, shape: Shape):
        super().__init__()
        self.register_buffer("weight", torch.tensor(codec.rate_weight))
        self.target = codec.target_bpp and codec.target_bpp * shape[1] * shape[2]
        self.step = codec.rate_step

    def rate_weight(self) -> Tensor:
        return self.weight

    def after_step(self, bits: Tensor) -> None:
        if self.target:
            pull = (bits.mean() / self.target).clamp_min(1e-6).log().clamp(-1, 1)
            self.weight.mul_((self.step * pull).exp())


def bits_of(likelihoods: Tensor) -> Tensor:
    """Ideal code length of each image, (N,)."""
    return -likelihoods.log2().flatten(1).sum(1)


def analysis(shape: Shape, codec: VariableRate) -> nn.Sequential:
    """g_a: images (N, C, H, W) -> (N, M, H / 2^k, W / 2^k)."""
    widths = [shape[0], *[codec.channels] * (codec.halvings - 1), codec.latents]
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layers += [Halve(fan_in, fan_out, 5), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers[:-1])


def synthesis(shape: Shape, codec: VariableRate) -> nn.Sequential:
    """g_s: the way back; its last layer is linear, what leaves [0, 1] is clipped by the codec."""
    widths = [codec.latents, *[codec.channels] * (codec.halvings - 1), shape[0]]
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layers += [Double(fan_in, fan_out, 5), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers[:-1])
