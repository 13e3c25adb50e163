"""MSE: grids with the least squared error."""

import torch

from shiftpress.quantizers._histograms import Histogram, Range
from shiftpress.quantizers.base import Quantizer

SHARES = torch.linspace(1.0, 0.02, 99).tolist()
"""Of the whole range, those that are tried."""


class Mse(Quantizer):
    """The share of the whole range at which clamping and rounding together change the numbers least."""

    title = "PTQ"

    def limits(self, histogram: Histogram, bits: int) -> Range:
        spans = [(histogram.low * share, histogram.high * share) for share in SHARES]
        return min(spans, key=lambda span: histogram.error(span, bits))
