"""The nested structured code of Lei, Hassani, Saeedi Bidokhti 2021: a prefix for known images, the rest for others."""

import math
from collections.abc import Iterator

from pydantic import Field
from torch import Tensor, nn

from shiftpress.codecs._autoencoder import Autoencoder, Norm, SoftToHard, decoder, encoder
from shiftpress.core.codecnet import FULL, CodecNet, Coded
from shiftpress.core.coding import Source, Symbols, Uniform
from shiftpress.core.splits import Shape

PREFIX = "prefix"


class Nested(Autoencoder):
    """One encoder and two decoders: the first reads d1 of the latents, the second all of them (section 2.7).

    Which decoder is used is not part of the code: a sender stops after the prefix or goes on.
    """

    title = "nested code"
    structure = "nested"

    prefix: int = Field(6, ge=1, le=4096, description="d1, latents of the first stage")
    rest: int = Field(4, ge=1, le=4096, description="d2, latents the second stage reads besides")

    def build(self, shape: Shape) -> CodecNet:
        return NestedNet(shape, self.prefix, self.rest, self.levels, self.width, self.norm)

    def rate(self, shape: Shape) -> float:
        return (self.prefix + self.rest) * math.log2(self.levels)


class NestedNet(CodecNet):
    """Encoder f, quantiser Q, decoders g0 and g1."""

    stages = (PREFIX, FULL)

    def __init__(self, shape: Shape, prefix: int, rest: int, levels: int, width: int, norm: Norm):
        super().__init__()
        self.latents = {PREFIX: prefix, FULL: prefix + rest}
        self.encoder = encoder(shape, width, prefix + rest, norm)
        self.quantiser = SoftToHard(levels)
        self.decoders = nn.ModuleDict({stage: decoder(shape, width, n, norm) for stage, n in self.latents.items()})
        self.alphabet = Uniform(levels)

    def forward(self, images: Tensor, stage: str = FULL) -> Coded:
        sent = self.quantiser(self.encoder(images))[:, : self.latents[stage]]
        bits = images.new_full((len(images),), self.latents[stage] * math.log2(self.alphabet.levels))
        return Coded(self.decoders[stage](sent), bits)

    def encode(self, images: Tensor, stage: str = FULL) -> Iterator[Symbols]:
        yield Symbols(self.quantiser.symbols(self.encoder(images))[:, : self.latents[stage]], self.alphabet)

    def decode(self, source: Source, count: int, stage: str = FULL) -> Tensor:
        symbols = source.take(self.alphabet, (count, self.latents[stage]))
        return self.decoders[stage](self.quantiser.centres[symbols])
