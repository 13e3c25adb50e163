"""MSE: grids with the least squared error."""

from functools import cache

import torch

from shiftpress.quantizers._histograms import Histogram, Range
from shiftpress.quantizers.base import Quantizer


class Mse(Quantizer):
    """The share of the whole range at which clamping and rounding together change the numbers least."""

    title = "PTQ"

    def limits(self, histogram: Histogram, bits: int) -> Range:
        spans = [(histogram.low * share, histogram.high * share) for share in shares()]
        return min(spans, key=lambda span: histogram.error(span, bits))


@cache
def shares() -> list[float]:
    """Of the whole range, those that are tried."""
    return torch.linspace(1.0, 0.02, 99).tolist()
