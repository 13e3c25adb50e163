"""How the numbers of an activation are distributed."""

from dataclasses import dataclass

import torch
from torch import Tensor

from shiftpress.core.rounding import Grid, levels

BINS = 2048
"""Eight for each level of the finest grid."""

EXACT = 1 << 22
"""Numbers counted at once: torch counts in float32, which stops at 2^24."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Histogram:
    """Counts (BINS,) float64 of numbers from ``low`` to ``high``."""

    low: float
    high: float
    counts: Tensor

    @classmethod
    def empty(cls, low: float, high: float) -> "Histogram":
        """Of no numbers yet."""
        return cls(low, high, torch.zeros(BINS, dtype=torch.float64))

    def add(self, numbers: Tensor) -> None:
        """Count more numbers; none lies outside."""
        if self.high > self.low:
            for part in numbers.float().cpu().flatten().split(EXACT):
                self.counts.add_(torch.histc(part, BINS, self.low, self.high))

    @property
    def centres(self) -> Tensor:
        """The middle (BINS,) of each bin."""
        step = (self.high - self.low) / BINS
        return self.low + step * (torch.arange(BINS, dtype=torch.float64) + 0.5)

    def within(self, share: float) -> Range:
        """The range that at most 1 - share of the numbers exceed, and as many fall short of."""
        below, total = self.counts.cumsum(0), float(self.counts.sum())
        step = (self.high - self.low) / BINS
        first = int((below <= (1 - share) * total).sum())
        last = int((below < share * total).sum())
        return self.low + step * min(first, last), self.low + step * (last + 1)

    def error(self, span: Range, bits: int) -> float:
        """Sum of the squared errors of the numbers on a grid over this range."""
        grid, centres = Grid.between(*span, bits), self.centres
        rounded = levels(centres, grid.scale.double(), grid.zero, bits) * grid.scale.double()
        return float((self.counts * (rounded - centres).square()).sum())
