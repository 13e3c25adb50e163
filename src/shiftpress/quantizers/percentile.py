"""Percentile: grids over all but the rarest numbers."""

from pydantic import Field

from shiftpress.quantizers._histograms import Histogram, Range
from shiftpress.quantizers.base import Quantizer


class Percentile(Quantizer):
    """All but a share of the numbers on each side: steps are finer, and what lies outside is clamped."""

    title = "PTQ, percentile"

    share: float = Field(
        0.999, gt=0.5, le=1, description="share of the numbers that lie below the grid's upper end, and above its lower"
    )

    def limits(self, histogram: Histogram, bits: int) -> Range:
        return histogram.within(self.share)
