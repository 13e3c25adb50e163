"""The fixed-rate autoencoder of Lei, Hassani, Saeedi Bidokhti 2021."""

import math
from collections.abc import Iterator

from pydantic import Field
from torch import Tensor

from shiftpress.codecs._autoencoder import Autoencoder, Norm, SoftToHard, decoder, encoder
from shiftpress.core.codecnet import FULL, CodecNet, Coded
from shiftpress.core.coding import Source, Symbols, Uniform
from shiftpress.core.splits import Shape


class FixedRate(Autoencoder):
    """d latents in (-1, 1), each sent as the nearest of L levels: R = d log2 L bits per image.

        x -> 4 convolutions, stride 2 -> Linear -> tanh -> nearest level -> Linear -> 4 transposed convolutions -> x_hat

    No entropy model, no dithering: every image takes the same number of bits. Batch normalisation keeps running
    statistics, so that an image is coded the same way in every batch.
    """

    title = "fixed-rate autoencoder"

    latents: int = Field(10, ge=1, le=4096, description="d, numbers sent per image; 10 is the paper's main setting")

    def build(self, shape: Shape) -> CodecNet:
        return FixedRateNet(shape, self.latents, self.levels, self.width, self.norm)

    def rate(self, shape: Shape) -> float:
        return self.latents * math.log2(self.levels)


class FixedRateNet(CodecNet):
    """Encoder f, quantiser Q and decoder g: x_hat = g(Q(f(x)))."""

    def __init__(self, shape: Shape, latents: int, levels: int, width: int, norm: Norm):
        super().__init__()
        self.encoder = encoder(shape, width, latents, norm)
        self.quantiser = SoftToHard(levels)
        self.decoder = decoder(shape, width, latents, norm)
        self.latents, self.alphabet = latents, Uniform(levels)

    def forward(self, images: Tensor, stage: str = FULL) -> Coded:
        bits = images.new_full((len(images),), self.latents * math.log2(self.alphabet.levels))
        return Coded(self.decoder(self.quantiser(self.encoder(images))), bits)

    def encode(self, images: Tensor, stage: str = FULL) -> Iterator[Symbols]:
        yield Symbols(self.quantiser.symbols(self.encoder(images)), self.alphabet)

    def decode(self, source: Source, count: int, stage: str = FULL) -> Tensor:
        return self.decoder(self.quantiser.centres[source.take(self.alphabet, (count, self.latents))])
