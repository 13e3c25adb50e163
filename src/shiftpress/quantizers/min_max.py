"""MinMax: grids over all numbers that were seen."""

from shiftpress.quantizers._histograms import Histogram, Range
from shiftpress.quantizers.base import Quantizer


class MinMax(Quantizer):
    """From the least to the largest number of the calibration images: nothing seen is clamped, steps are coarse."""

    title = "PTQ, min-max"

    def limits(self, histogram: Histogram, bits: int) -> Range:
        return histogram.low, histogram.high
