"""The fixed-rate autoencoder of Lei, Hassani, Saeedi Bidokhti 2021."""

import math

import torch
from pydantic import Field
from torch import Tensor, nn

from shiftpress.codecs.base import Codec, CodecNet, Coded
from shiftpress.core.splits import Shape


class FixedRate(Codec):
    """d latents in (-1, 1), each sent as the nearest of L levels: R = d log2 L bits per image.

        x -> 4 convolutions, stride 2 -> Linear -> tanh -> nearest level -> Linear -> 4 transposed convolutions -> x_hat

    No entropy model, no dithering: every image takes the same number of bits. Widths are w, 2w, 4w, 8w; the paper has
    w = 64. Batch normalisation keeps running statistics, so that an image is coded the same way in every batch.
    """

    title = "fixed-rate autoencoder"

    latents: int = Field(10, ge=1, le=4096, description="d, numbers sent per image; 10 is the paper's main setting")
    levels: int = Field(12, ge=2, le=256, description="L, values each number can take")
    width: int = Field(16, ge=1, le=512, description="w, channels of the first convolution; 64 in the paper")

    def build(self, shape: Shape) -> CodecNet:
        return FixedRateNet(shape, self.latents, self.levels, self.width)

    def rate(self, shape: Shape) -> float:
        return self.latents * math.log2(self.levels)

    def misfit(self, shape: Shape) -> str | None:
        _, height, width = shape
        if height % 16 or width % 16:
            return f"sides must be multiples of 16, not {height}x{width}; set size on the dataset"
        return None


class FixedRateNet(CodecNet):
    """Encoder f, quantiser Q and decoder g: x_hat = g(Q(f(x)))."""

    def __init__(self, shape: Shape, latents: int, levels: int, width: int):
        super().__init__()
        channels, height, side = shape[0], shape[1] // 16, shape[2] // 16
        features = 8 * width * height * side
        self.encoder = nn.Sequential(
            *_down(channels, width),
            *_down(width, 2 * width),
            *_down(2 * width, 4 * width),
            nn.Conv2d(4 * width, 8 * width, 4, stride=2, padding=1),
            nn.Sigmoid(),
            nn.Flatten(),
            nn.Linear(features, latents),
            nn.Tanh(),
        )
        self.quantiser = SoftToHard(levels)
        self.decoder = nn.Sequential(
            nn.Linear(latents, features),
            nn.ReLU(),
            nn.Unflatten(1, (8 * width, height, side)),
            *_up(8 * width, 4 * width),
            *_up(4 * width, 2 * width),
            *_up(2 * width, width),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )
        self.bits_per_image = latents * math.log2(levels)

    def forward(self, images: Tensor) -> Coded:
        latents = self.quantiser(self.encoder(images))
        bits = images.new_full((len(images),), self.bits_per_image)
        return Coded(self.decoder(latents), bits)


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
        soft = ((-self.sigma * distance).softmax(-1) * self.centres).sum(-1)
        return soft + (hard - soft).detach()


def _down(fan_in: int, fan_out: int) -> list[nn.Module]:
    """Halve the side. The activation comes before the normalisation, as in the reference."""
    return [nn.Conv2d(fan_in, fan_out, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.BatchNorm2d(fan_out)]


def _up(fan_in: int, fan_out: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(fan_in, fan_out, 4, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(fan_out)]
