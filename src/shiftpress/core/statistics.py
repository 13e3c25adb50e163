"""Intervals over seeds. The seed is the unit: images within one seed are not independent trainings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

MIN_SEEDS = 3
"""Below this no interval is given: with two seeds the t quantile is 12.7 and the interval says nothing."""


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its two-sided interval, or without one if there are too few seeds."""

    mean: float
    low: float | None
    high: float | None
    n: int

    @property
    def half_width(self) -> float | None:
        """Half the length of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def estimate(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Mean over seeds and Student's t interval (Student 1908)."""
    data = np.asarray(values, dtype=float)
    mean, n = float(data.mean()), len(data)
    if n < MIN_SEEDS:
        return Estimate(mean, None, None, n)
    error = float(data.std(ddof=1)) / n**0.5
    half = float(stats.t.ppf(0.5 + confidence / 2, n - 1)) * error
    return Estimate(mean, mean - half, mean + half, n)


def geometric_estimate(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Geometric mean of positive ratios, with the t interval of their logarithms."""
    logs = estimate(np.log(np.asarray(values, dtype=float)).tolist(), confidence)
    low, high = (None if x is None else float(np.exp(x)) for x in (logs.low, logs.high))
    return Estimate(float(np.exp(logs.mean)), low, high, logs.n)
