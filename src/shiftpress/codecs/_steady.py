"""Layers that say the same of an image whether it comes alone or among others, to the last bit.

A library adds up in another order where a batch is small: products of one to three rows, and convolutions of a lone
image that are no wider than 3 x 3 (torch has a kernel of its own for these). Both measured; all other layers of the
codecs here go image by image.
"""

from torch import Tensor, nn
from torch.nn import functional as F

ROWS = 64
"""Rows that a linear layer in use sees at least; as many as streams have images in a chunk."""


class SteadyLinear(nn.Linear):
    """A linear layer, (N, in) -> (N, out); in use, few rows are filled up with zeros."""

    def forward(self, rows: Tensor) -> Tensor:
        count = len(rows)
        if self.training or count >= ROWS:
            return super().forward(rows)
        return super().forward(F.pad(rows, (0, 0, 0, ROWS - count)))[:count]


class SteadyConv2d(nn.Conv2d):
    """A convolution, (N, C, H, W) -> (N, D, H', W')."""

    def _conv_forward(self, images: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return super()._conv_forward(paired(images), weight, bias)[: len(images)]


def paired(images: Tensor) -> Tensor:
    """Images (N, C, H, W), a lone one twice."""
    return images if len(images) > 1 else images.expand(2, -1, -1, -1)
