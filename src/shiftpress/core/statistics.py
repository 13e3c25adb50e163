"""Intervals and tests over seeds. The seed is the unit: images within one seed are not independent trainings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.special import nctdtrinc, stdtr, stdtrit

MIN_SEEDS = 3
"""Below this no interval is given: with two seeds the t quantile is 12.7 and the interval says nothing."""

LEVEL = 0.025
"""Level of every one-sided test. Half of 5 %, so that a test decides as the 95 % interval does (ICH E9, 1998)."""

EXACT_UP_TO = 16
"""Up to this many seeds all sign patterns are counted; beyond it 2 to this power random ones."""

TIED = 100 * float(np.finfo(float).eps)
"""Relative to it, how far two means may be apart and still be tied; as in scipy."""


ROUNDED = 1e-12
"""Relative to the values and the threshold, what may come of rounding differences of them."""


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


@dataclass(frozen=True)
class Tails:
    """One-sided p values: of the mean being no greater than a threshold, and of its being no less."""

    greater: float
    less: float


def estimate(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Mean over seeds and Student's t interval (Student 1908)."""
    mean, low, high = estimate_rows(np.asarray([values], dtype=float), confidence)[:, 0].tolist()
    n = len(values)
    return Estimate(mean, low, high, n) if n >= MIN_SEEDS else Estimate(mean, None, None, n)


def estimate_rows(values: np.ndarray, confidence: float = 0.95) -> np.ndarray:
    """The same of each row, (rows, seeds) -> (3, rows): means and the ends of their intervals, NaN without any."""
    means = values.mean(axis=-1)
    enough = values.shape[-1] >= MIN_SEEDS
    half = half_widths(values, confidence) if enough else np.full(len(means), np.nan)
    return np.stack((means, means - half, means + half))


def half_widths(values: np.ndarray, confidence: float = 0.95) -> np.ndarray:
    """Half of Student's t interval of the mean of each row, (..., seeds) -> (...). Needs three seeds."""
    n = values.shape[-1]
    return _quantile(0.5 + confidence / 2, n - 1) * (values.std(axis=-1, ddof=1) / n**0.5)


@cache
def _quantile(share: float, freedom: int) -> float:
    """Of Student's t. A report asks ten thousand times for the same few."""
    return float(stdtrit(freedom, share))


def geometric_estimate(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Geometric mean of positive ratios, with the t interval of their logarithms."""
    logs = estimate(np.log(np.asarray(values, dtype=float)).tolist(), confidence)
    low, high = (None if x is None else float(np.exp(x)) for x in (logs.low, logs.high))
    return Estimate(float(np.exp(logs.mean)), low, high, logs.n)


def student_tails(values: Sequence[float], threshold: float) -> Tails:
    """Student's t test of the mean against a threshold. Needs two values or more.

    Values without any spread decide for certain, and not at all if they are the threshold. A spread or a distance
    that rounding alone makes is none.
    """
    data = np.asarray(values, dtype=float) - threshold
    mean, error = float(data.mean()), float(data.std(ddof=1)) / len(data) ** 0.5
    least = ROUNDED * max(float(np.abs(values).max()), abs(threshold))
    if error <= least:
        side = float(np.sign(mean)) if abs(mean) > least else 0.0
        return Tails(0.5 - 0.5 * side, 0.5 + 0.5 * side)
    t = mean / error
    return Tails(float(stdtr(len(data) - 1, -t)), float(stdtr(len(data) - 1, t)))


def sign_flip_tails(values: Sequence[float], threshold: float) -> Tails:
    """Permutation test by flipping signs (Fisher 1935): only assumes symmetry. n seeds give no p below 2 ** -n."""
    data = np.asarray(values, dtype=float) - threshold
    if len(data) <= EXACT_UP_TO:
        signs = 1 - 2 * (np.arange(2 ** len(data))[:, None] >> np.arange(len(data)) & 1)
        means, seen = (signs * data).mean(1), data.mean()
        slack = TIED * abs(seen)  # the same mean, rounded another way, is no smaller and no larger
        return Tails(float((means >= seen - slack).mean()), float((means <= seen + slack).mean()))
    from scipy import stats  # takes a second to import, for more seeds than most studies have

    found = {
        side: stats.permutation_test(
            (data,),
            np.mean,
            permutation_type="samples",
            vectorized=True,
            alternative=side,
            n_resamples=2**EXACT_UP_TO,
            rng=np.random.default_rng(0),
        ).pvalue
        for side in ("greater", "less")
    }
    return Tails(float(found["greater"]), float(found["less"]))


def equivalence_tails(
    values: Sequence[float], low: float, high: float, tails: Callable[[Sequence[float], float], Tails] = student_tails
) -> tuple[float, float]:
    """p values for the mean lying between two margins, and against it: two one-sided tests (Schuirmann 1987)."""
    lower, upper = tails(values, low), tails(values, high)
    return max(lower.greater, upper.less), min(lower.less, upper.greater)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values that keep the level over the whole family (Holm 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, position in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = worst
    return adjusted


def detectable_effect(values: Sequence[float], power: float = 0.8, level: float = LEVEL, more: int = 0) -> float:
    """Smallest distance from a threshold that a one-sided t test over as many seeds, and ``more``, sees.

    It sees it with this power. The spread is taken as observed, so this is an estimate too.
    """
    data = np.asarray(values, dtype=float)
    n = len(data) + more
    return float(_noncentrality(n, power, level) * data.std(ddof=1) / n**0.5)


@cache
def _noncentrality(n: int, power: float, level: float) -> float:
    """Of the t statistic of n values, if a one-sided test sees the effect with this power."""
    return float(nctdtrinc(n - 1, 1 - power, stdtrit(n - 1, 1 - level)))


def slope(positions: Sequence[float], values: Sequence[float]) -> float:
    """Slope of the straight line of least squares."""
    x = np.asarray(positions, dtype=float)
    x = x - x.mean()
    return float(x @ np.asarray(values, dtype=float) / (x @ x))


def first_descent(positions: Sequence[float], differences: Sequence[float]) -> float | None:
    """Where a difference known at rising positions first falls from above zero to zero or below; None if nowhere.

    Linear between the positions.
    """
    pairs = list(zip(positions, differences, strict=True))
    for (left, above), (right, below) in pairwise(pairs):
        if above > 0 >= below:
            return left + (right - left) * above / (above - below)
    return None
