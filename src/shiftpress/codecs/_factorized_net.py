"""Network of the factorized-prior codec."""

from collections.abc import Iterator

import torch
from torch import Tensor

from shiftpress.codecs._entropy import Bottleneck
from shiftpress.codecs._variable import VariableRate, VariableRateNet, analysis, bits_of, synthesis
from shiftpress.core.codecnet import FULL, Coded
from shiftpress.core.coding import Source, Symbols
from shiftpress.core.splits import Shape


class FactorizedNet(VariableRateNet):
    """Analysis transform, entropy bottleneck, synthesis transform."""

    def __init__(self, codec: VariableRate, shape: Shape):
        super().__init__(codec, shape)
        self.analysis, self.synthesis = analysis(shape, codec), synthesis(shape, codec)
        self.bottleneck = Bottleneck(codec.latents)
        self.side = (shape[1] // codec.multiple(), shape[2] // codec.multiple())

    def forward(self, images: Tensor, stage: str = FULL) -> Coded:
        y_hat, likelihoods = self.bottleneck(self.analysis(images))
        return Coded(self._image(y_hat), bits_of(likelihoods))

    def encode(self, images: Tensor, stage: str = FULL) -> Iterator[Symbols]:
        yield self.bottleneck.symbols(self.analysis(images))

    def decode(self, source: Source, count: int, stage: str = FULL) -> Tensor:
        return self._image(self.bottleneck.received(source, count, self.side))

    @torch.no_grad()
    def freeze(self) -> None:
        self.bottleneck.freeze()

    def _image(self, y_hat: Tensor) -> Tensor:
        decoded = self.synthesis(y_hat)
        # clipping would stop the gradient of pixels that are out of range
        return decoded if self.training else decoded.clamp(0, 1)
