"""The residual structured code of Lei, Hassani, Saeedi Bidokhti 2021: a codec, and a codec of what it left."""

import math
from collections.abc import Iterator

from pydantic import Field
from torch import Tensor, nn

from shiftpress.codecs._autoencoder import Autoencoder, Norm, SoftToHard, decoder, encoder
from shiftpress.core.codecnet import FULL, CodecNet, Coded
from shiftpress.core.coding import Source, Symbols, Uniform
from shiftpress.core.splits import Shape

BASE = "base"


class Residual(Autoencoder):
    """x_hat = Phi0(x) + Phi1(x - Phi0(x)), with d1 latents for Phi0 and d2 for Phi1 (section 2.8).

    Phi0 is left as it is while Phi1 is trained. Residuals lie in [-1, 1] and are coded as (e + 1) / 2, so that both
    codecs have the same form; the sum is clipped to [0, 1].
    """

    title = "residual code"
    structure = "residual"

    prefix: int = Field(6, ge=1, le=4096, description="d1, latents of the base codec")
    rest: int = Field(4, ge=1, le=4096, description="d2, latents of the codec of the residual")

    def build(self, shape: Shape) -> CodecNet:
        return ResidualNet(shape, self.prefix, self.rest, self.levels, self.width, self.norm)

    def rate(self, shape: Shape) -> float:
        return (self.prefix + self.rest) * math.log2(self.levels)


class ResidualNet(CodecNet):
    """Two autoencoders, the second of what the first left."""

    stages = (BASE, FULL)

    def __init__(self, shape: Shape, prefix: int, rest: int, levels: int, width: int, norm: Norm):
        super().__init__()
        self.sizes, self.alphabet = {BASE: prefix, FULL: rest}, Uniform(levels)
        self.encoders = nn.ModuleDict({stage: encoder(shape, width, n, norm) for stage, n in self.sizes.items()})
        self.decoders = nn.ModuleDict({stage: decoder(shape, width, n, norm) for stage, n in self.sizes.items()})
        self.quantiser = SoftToHard(levels)

    def forward(self, images: Tensor, stage: str = FULL) -> Coded:
        latents = sum(self.sizes.values()) if stage == FULL else self.sizes[BASE]
        bits = images.new_full((len(images),), latents * math.log2(self.alphabet.levels))
        if stage == BASE:
            return Coded(self._through(BASE, images), bits)
        base = self._left_alone(images)
        return Coded(_sum(base, self._through(FULL, _rest(images, base))), bits)

    def encode(self, images: Tensor, stage: str = FULL) -> Iterator[Symbols]:
        sent = self.quantiser.symbols(self.encoders[BASE](images))
        yield Symbols(sent, self.alphabet)
        if stage == FULL:
            rest = _rest(images, self.decoders[BASE](self.quantiser.centres[sent]))
            yield Symbols(self.quantiser.symbols(self.encoders[FULL](rest)), self.alphabet)

    def decode(self, source: Source, count: int, stage: str = FULL) -> Tensor:
        base = self._received(BASE, source, count)
        return _sum(base, self._received(FULL, source, count)) if stage == FULL else base

    def _through(self, part: str, images: Tensor) -> Tensor:
        return self.decoders[part](self.quantiser(self.encoders[part](images)))

    def _received(self, part: str, source: Source, count: int) -> Tensor:
        symbols = source.take(self.alphabet, (count, self.sizes[part]))
        return self.decoders[part](self.quantiser.centres[symbols])

    def _left_alone(self, images: Tensor) -> Tensor:
        """The base's reconstruction, its weights and statistics out of reach of training."""
        parts = (self.encoders[BASE], self.decoders[BASE])
        for part in parts:
            part.eval()
        base = self._through(BASE, images)
        for part in parts:
            part.train(self.training)
        return base if images.requires_grad else base.detach()


def _rest(images: Tensor, base: Tensor) -> Tensor:
    """What the base left, from [-1, 1] to [0, 1]."""
    return (images - base + 1) / 2


def _sum(base: Tensor, rest: Tensor) -> Tensor:
    return (base + 2 * rest - 1).clamp(0, 1)
