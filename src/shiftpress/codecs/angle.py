"""The code with the angle as side information, for rotated images (Lei, Hassani, Saeedi Bidokhti 2021)."""

import math
from collections.abc import Iterator

import torch
from pydantic import Field
from torch import Tensor, nn

from shiftpress.codecs._autoencoder import Autoencoder, SoftToHard, decoder, encoder
from shiftpress.codecs._steady import SteadyConv2d, SteadyLinear
from shiftpress.core.affine import rotation, warp
from shiftpress.core.codecnet import FULL, CodecNet, Coded
from shiftpress.core.coding import Source, Symbols, Uniform
from shiftpress.core.splits import Shape

UPRIGHT = "upright"
CLASSES = 360
"""Angles the net tells apart, one per degree."""


class Angle(Autoencoder):
    """theta = AngleNet(x); x_hat = rot(Phi(rot(x, -theta)), theta), theta sent as one of so many levels (section 2.9).

    144 levels cost what two latents of 12 levels cost. AngleNet tells 360 angles apart (the published training code
    regresses, its inference classifies; we classify in both). Rotations look up the nearest pixel, as in the paper.
    """

    title = "angle code"
    structure = "angle"

    latents: int = Field(8, ge=1, le=4096, description="d, numbers sent about the upright image")
    angles: int = Field(144, ge=2, le=65_536, description="levels of the angle on [-180, 180] degrees; 12 * 12")
    angle_width: int = Field(64, ge=1, le=512, description="channels of AngleNet's first convolution; 64 in the paper")

    def build(self, shape: Shape) -> CodecNet:
        return AngleNet(self, shape)

    def rate(self, shape: Shape) -> float:
        return self.latents * math.log2(self.levels) + math.log2(self.angles)

    def misfit(self, shape: Shape) -> str | None:
        if shape[1] != shape[2] or shape[1] % 32:
            return f"sides must be equal and multiples of 32, not {shape[1]}x{shape[2]}"
        return None


class AngleNet(CodecNet):
    """The net that finds the angle, and the autoencoder of upright images."""

    stages = (UPRIGHT, FULL)

    def __init__(self, codec: Angle, shape: Shape):
        super().__init__()
        self.encoder = encoder(shape, codec.width, codec.latents, codec.norm)
        self.decoder = decoder(shape, codec.width, codec.latents, codec.norm)
        self.quantiser = SoftToHard(codec.levels)
        self.finder = _finder(shape, codec.angle_width)
        self.latents, self.alphabet, self.turns = codec.latents, Uniform(codec.levels), Uniform(codec.angles)

    def forward(self, images: Tensor, stage: str = FULL) -> Coded:
        if stage == UPRIGHT:
            return Coded(self.decoder(self.quantiser(self.encoder(images))), self._bits(images, 0.0))
        degrees = self._found(images)
        upright = self.decoder(self.quantiser(self.encoder(_turned(images, -degrees))))
        sent = self._angles()[self._nearest(degrees)]
        return Coded(_turned(upright, sent), self._bits(images, math.log2(self.turns.levels)))

    def encode(self, images: Tensor, stage: str = FULL) -> Iterator[Symbols]:
        if stage == FULL:
            degrees = self._found(images)
            images = _turned(images, -degrees)
            yield Symbols(self._nearest(degrees)[:, None], self.turns)
        yield Symbols(self.quantiser.symbols(self.encoder(images)), self.alphabet)

    def decode(self, source: Source, count: int, stage: str = FULL) -> Tensor:
        turns = source.take(self.turns, (count, 1))[:, 0] if stage == FULL else None
        upright = self.decoder(self.quantiser.centres[source.take(self.alphabet, (count, self.latents))])
        return upright if turns is None else _turned(upright, self._angles()[turns])

    def _bits(self, images: Tensor, side: float) -> Tensor:
        return images.new_full((len(images),), self.latents * math.log2(self.alphabet.levels) + side)

    def _found(self, images: Tensor) -> Tensor:
        """Degrees each image seems to be turned by, (N,)."""
        return self.finder(images).argmax(1).to(images) * (360 / CLASSES) - 180

    def _angles(self) -> Tensor:
        """Angles that can be sent, ends included."""
        return torch.linspace(-180, 180, self.turns.levels, device=self.quantiser.centres.device)

    def _nearest(self, degrees: Tensor) -> Tensor:
        return (degrees[:, None] - self._angles()).abs().argmin(1)


def _turned(images: Tensor, degrees: Tensor) -> Tensor:
    return warp(images, rotation(degrees, like=images), "nearest")


def _finder(shape: Shape, width: int) -> nn.Sequential:
    """Images (N, C, H, W) -> logits (N, CLASSES); class k stands for k - 180 degrees."""
    return nn.Sequential(
        nn.Conv2d(shape[0], width, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        nn.MaxPool2d(2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1),
        nn.MaxPool2d(2),
        nn.LeakyReLU(0.2),
        SteadyConv2d(4 * width, 8 * width, 3, stride=2, padding=1),
        nn.Flatten(),
        SteadyLinear(8 * width * _left(shape[1]) * _left(shape[2]), CLASSES),
    )


def _left(side: int) -> int:
    """What six halvings leave of a side that is a multiple of 32; the last one rounds up."""
    return -(-side // 64)
