"""Intervals over seeds and test images together, for effects that are means over both.

All seeds see the same images, so that seeds and images are crossed: other seeds would have given another mean, and so
would other images. A bootstrap that draws both (Owen 2007) has a variance that can be written down, which is done here
with the factor n / (n - 1) that it lacks: with three seeds its percentiles are far too narrow.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import nctdtrinc, stdtrit

from shiftpress.core.statistics import LEVEL, ROUNDED, Tails

LEAST = 1e-15
"""No p value is given below it."""


def parts(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What other seeds and what other images add to the variance of the mean: (..., seeds, images) -> (...), twice.

    Needs two or more of each. They are the parts of a two-way analysis of variance (Cornfield and Tukey 1956).
    """
    n, images = values.shape[-2:]
    by_seed, by_image = values.mean(-1), values.mean(-2)
    rest = values - by_seed[..., None] - by_image[..., None, :] + by_seed.mean(-1)[..., None, None]
    shared = (rest**2).sum((-2, -1)) / ((n - 1) * (images - 1)) / (n * images)
    return by_seed.var(-1, ddof=1) / n, np.maximum(by_image.var(-1, ddof=1) / images - shared, 0.0)


def quantiles(share: float, n: int, images: int, of_seeds: np.ndarray, of_images: np.ndarray) -> np.ndarray:
    """How many standard errors from the mean, for this share below; of parts (...) as ``parts`` gives them.

    Satterthwaite's (1946) is a little short where seeds matter more than images, 92 % for 95 % at three seeds, and the
    weighted mean of both quantiles (Cochran 1964) as much too long. Their mean is right within 1.5 %.
    """
    weight, freedom = _freedom(n, images, of_seeds, of_images)
    cochran = weight * stdtrit(n - 1, share) + (1 - weight) * stdtrit(images - 1, share)
    return (stdtrit(freedom, share) + cochran) / 2


def _freedom(n: int, images: int, of_seeds: np.ndarray, of_images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of the variance that seeds have, all if there is none; and Satterthwaite's degrees of freedom."""
    whole = of_seeds + of_images
    weight = np.divide(of_seeds, whole, out=np.ones_like(whole), where=whole > 0)
    return weight, 1 / (weight**2 / (n - 1) + (1 - weight) ** 2 / (images - 1))


@dataclass(frozen=True)
class Crossed:
    """A mean over seeds and images, with what other seeds and what other images add to its variance."""

    mean: float
    n: int
    images: int
    of_seeds: float
    of_images: float

    @classmethod
    def of(cls, values: np.ndarray) -> "Crossed":
        """From values (seeds, images), two or more of each."""
        return cls(float(values.mean()), *values.shape, *map(float, parts(values)))

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return (self.of_seeds + self.of_images) ** 0.5

    def quantile(self, share: float) -> float:
        """How many standard errors from the mean, for this share below."""
        return float(quantiles(share, *self._facts))

    @property
    def _facts(self) -> tuple[int, int, np.ndarray, np.ndarray]:
        return self.n, self.images, np.array(self.of_seeds), np.array(self.of_images)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Two-sided."""
        half = self.quantile(0.5 + confidence / 2) * self.error
        return self.mean - half, self.mean + half

    def tails(self, threshold: float) -> Tails:
        """The one-sided test that decides as the interval does."""
        distance = abs(self.mean - threshold)
        least = ROUNDED * max(abs(self.mean), abs(threshold))
        if distance <= least or self.error <= least:
            side = float(np.sign(self.mean - threshold)) if distance > least else 0.0
            return Tails(0.5 - 0.5 * side, 0.5 + 0.5 * side)
        far = distance / self.error
        p = LEAST
        if self.quantile(1 - LEAST) > far:
            from scipy.optimize import brentq  # slow to import, and most that look at this module ask for intervals

            p = float(brentq(lambda p: self.quantile(1 - p) - far, LEAST, 0.5))
        return Tails(p, 1 - p) if self.mean > threshold else Tails(1 - p, p)

    def detectable(self, power: float = 0.8, level: float = LEVEL, more: int = 0) -> float:
        """Smallest distance from a threshold that is seen with this power, and ``more`` seeds of the same spread.

        More seeds do not make the images more.
        """
        n = self.n + more
        there = replace(self, n=n, of_seeds=self.of_seeds * self.n / n)
        (_, freedom), critical = _freedom(*there._facts), there.quantile(1 - level)
        return float(nctdtrinc(freedom, 1 - power, critical) * there.error)
