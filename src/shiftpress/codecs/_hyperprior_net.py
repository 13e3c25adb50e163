"""Network of the scale-hyperprior codec."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from shiftpress.codecs._entropy import LARGEST, SCALES, SMALLEST, Bottleneck, Gaussian, flat, raised, whole
from shiftpress.codecs._steady import SteadyConv2d
from shiftpress.codecs._variable import VariableRateNet, analysis, bits_of, synthesis
from shiftpress.codecs.hyperprior import Hyperprior
from shiftpress.core.codecnet import FULL, Coded
from shiftpress.core.coding import Source, Symbols
from shiftpress.core.splits import Shape


class HyperpriorNet(VariableRateNet):
    """Transforms g_a, g_s of the image and h_a, h_s of the scales, and their entropy models."""

    def __init__(self, codec: Hyperprior, shape: Shape):
        super().__init__(codec, shape)
        self.analysis, self.synthesis = analysis(shape, codec), synthesis(shape, codec)
        self.hyper_analysis = nn.Sequential(
            SteadyConv2d(codec.latents, codec.hyper_channels, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(codec.hyper_channels, codec.hyper_channels, 5, stride=2, padding=2),
        )
        self.scales = FixedPointScales(codec.hyper_channels, codec.latents)
        self.bottleneck, self.gaussian = Bottleneck(codec.hyper_channels), Gaussian()
        self.latents, self.side = codec.latents, (shape[1] // codec.multiple(), shape[2] // codec.multiple())

    def forward(self, images: Tensor, stage: str = FULL) -> Coded:
        y = self.analysis(images)
        z_hat, z_likelihoods = self.bottleneck(self.hyper_analysis(y.abs()))
        y_hat, y_likelihoods = self.gaussian(y, self._sigma(z_hat))
        return Coded(self._image(y_hat), bits_of(z_likelihoods) + bits_of(y_likelihoods))

    def encode(self, images: Tensor, stage: str = FULL) -> Iterator[Symbols]:
        y = self.analysis(images)
        z = self.bottleneck.symbols(self.hyper_analysis(y.abs()))
        yield z
        z_hat = self.bottleneck.values(z.values, self.side)
        yield Symbols(whole(flat(y)), self.gaussian.tables, flat(self.scales.rows(z_hat)))

    def decode(self, source: Source, count: int, stage: str = FULL) -> Tensor:
        z_hat = self.bottleneck.received(source, count, self.side)
        rows = flat(self.scales.rows(z_hat))
        y = source.take(self.gaussian.tables, (count, rows.shape[1]), rows)
        return self._image(raised(y, (2 * self.side[0], 2 * self.side[1])).to(z_hat))

    @torch.no_grad()
    def freeze(self) -> None:
        self.bottleneck.freeze()
        self.gaussian.freeze()

    def _sigma(self, z_hat: Tensor) -> Tensor:
        if self.training:
            return self.scales.smooth(z_hat)
        return self.gaussian.scales[self.scales.rows(z_hat)]

    def _image(self, y_hat: Tensor) -> Tensor:
        decoded = self.synthesis(y_hat)
        # clipping would stop the gradient of pixels that are out of range
        return decoded if self.training else decoded.clamp(0, 1)


WEIGHT_UNIT, VALUE_UNIT = 2.0**-12, 2.0**-6
MOST = 2.0**12
"""Units and bounds of the fixed point: sums of products stay below 2^53 units, so float64 holds them exactly."""


class FixedPointScales(nn.Module):
    """h_s: side information (N, Z, h, w) -> which of the scales each number has, (N, M, 2h, 2w)."""

    def __init__(self, hyper_channels: int, latents: int):
        super().__init__()
        self.first = nn.ConvTranspose2d(hyper_channels, hyper_channels, 5, 2, padding=2, output_padding=1)
        self.second = nn.Conv2d(hyper_channels, latents, 3, padding=1)
        # start at standard deviation 1
        nn.init.constant_(self.second.bias, SCALES * math.log(1 / SMALLEST) / math.log(LARGEST / SMALLEST))

    def smooth(self, z_hat: Tensor) -> Tensor:
        """Standard deviations that can be learned: the index is a real number."""
        index = self.second(self.first(z_hat).relu())
        return SMALLEST * torch.exp(index.clamp(0, SCALES - 1) * (math.log(LARGEST / SMALLEST) / (SCALES - 1)))

    @torch.no_grad()
    def rows(self, z_hat: Tensor) -> Tensor:
        """The same as whole numbers, int64, exactly equal on every machine."""
        hidden = _rounded(_exact(self.first, _rounded(z_hat.double())).relu())
        index = _exact(self.second, hidden).clamp(0, SCALES - 1)
        return index.round().long()


def _rounded(values: Tensor) -> Tensor:
    return (values / VALUE_UNIT).round().clamp(-MOST / VALUE_UNIT, MOST / VALUE_UNIT) * VALUE_UNIT


def _exact(layer: nn.Conv2d | nn.ConvTranspose2d, values: Tensor) -> Tensor:
    """The layer in float64 with weights and bias rounded to their unit."""
    weight, bias = ((p.double() / WEIGHT_UNIT).round() * WEIGHT_UNIT for p in (layer.weight, layer.bias))
    if isinstance(layer, nn.ConvTranspose2d):
        size = (layer.stride, layer.padding, layer.output_padding)
        return nn.functional.conv_transpose2d(values, weight, bias, *size)
    return nn.functional.conv2d(values, weight, bias, layer.stride, layer.padding)
