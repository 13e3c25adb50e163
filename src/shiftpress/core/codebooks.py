"""Exact one-dimensional k-means: few numbers in the place of many, with the least squared error there is.

Clusters of numbers on a line are intervals, so that dynamic programming over the sorted numbers finds the best ones.
Where the best last cluster of a prefix begins never moves left as the prefix grows, nor as clusters are added (the
cost has the quadrangle inequality); prefixes are solved coarse to fine between their neighbours' answers, all of a
level, and all lists of numbers, at once. k clusters of n numbers cost O(k n log n), in O(k log n) calls of numpy.
"""

from dataclasses import dataclass

import numpy as np

AT_ONCE = 1 << 17
"""Distinct numbers whose tables are held at once; 4 bytes for each number and cluster."""


@dataclass(frozen=True)
class Codebook:
    """Centres (K,) float32, rising, and the place (N,) of each number's centre. Every centre is some number's."""

    centres: np.ndarray
    codes: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """The number (N,) that stands for each."""
        return self.centres[self.codes]


@dataclass(frozen=True)
class Sorted:
    """The distinct numbers of a list, and sums over prefixes of them, (n + 1,), about their mean."""

    numbers: np.ndarray
    inverse: np.ndarray
    mean: float
    counts: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def codebook(self, bounds: np.ndarray) -> Codebook:
        """The one whose clusters begin at these places; the last bound is n."""
        sums, sizes = np.diff(self.first[bounds]), np.diff(self.counts[bounds])
        centres = (sums / sizes + self.mean).astype(np.float32)
        # rounding must not carry a centre out of its cluster, where it could meet another
        centres = np.clip(centres, self.numbers[bounds[:-1]], self.numbers[bounds[1:] - 1])
        labels = np.repeat(np.arange(len(centres)), np.diff(bounds))
        return Codebook(centres, labels[self.inverse])


def sort(numbers: np.ndarray) -> Sorted:
    """Of float32 numbers (N,)."""
    distinct, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    mean = float(numbers.mean(dtype=np.float64)) if numbers.size else 0.0
    x = distinct.astype(np.float64) - mean
    sums = (np.concatenate([[0.0], np.cumsum(part)]) for part in (counts, counts * x, counts * x * x))
    return Sorted(distinct, inverse.reshape(-1), mean, *sums)


def exact(lists: list[np.ndarray], most: int) -> list[Codebook]:
    """The best codebook of at most ``most`` centres for each list of float32 numbers (N,)."""
    parts = [sort(numbers) for numbers in lists]
    bounds = [np.arange(len(part.numbers) + 1) for part in parts]
    batch: list[int] = []
    for place, part in enumerate(parts):
        if len(part.numbers) <= most:
            continue  # every number is its own centre
        if batch and sum(len(parts[p].numbers) for p in [*batch, place]) > AT_ONCE:
            _solve_batch(parts, batch, most, bounds)
            batch = []
        batch.append(place)
    _solve_batch(parts, batch, most, bounds)
    return [part.codebook(found) for part, found in zip(parts, bounds, strict=True)]


def _solve_batch(parts: list[Sorted], batch: list[int], most: int, bounds: list[np.ndarray]) -> None:
    if batch:
        for place, found in zip(batch, _solve([parts[p] for p in batch], most), strict=True):
            bounds[place] = found


def _solve(parts: list[Sorted], clusters: int) -> list[np.ndarray]:
    """Bounds (clusters + 1,) of the best clusters of each list; each has more distinct numbers than clusters."""
    lengths = [len(part.counts) for part in parts]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    base = np.repeat(starts[:-1], lengths)  # the empty prefix of each prefix's list
    sums = tuple(np.concatenate([getattr(part, name) for part in parts]) for name in ("counts", "first", "second"))
    best, start = _costs(sums, np.zeros(len(base)), base), base
    tables, levels = [base.astype(np.int32)], _levels(base)
    for number in range(2, clusters + 1):
        start = _layer(sums, levels, best, np.maximum(base + number - 1, start))
        best = _costs(sums, best, start)
        tables.append(start.astype(np.int32))
    found = []
    for first, length in zip(starts[:-1], lengths, strict=True):
        trail = [first + length - 1]
        for table in reversed(tables):
            trail.append(int(table[trail[-1]]))
        found.append(np.array(trail[::-1]) - first)
    return found


def _levels(base: np.ndarray) -> list[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
    """Prefixes coarse to fine, each level with those solved before it on both sides; beyond a list stand -1 and -2."""
    places, total, found = np.arange(len(base)), len(base), []
    stride = 1 << (total - 1).bit_length()
    while stride:
        here = places[stride - 1 :: 2 * stride]
        left, right = here - stride, here + stride
        left = np.where((left >= 0) & (base[left] == base[here]), left, -1)
        right = np.where((right < total) & (base[np.minimum(right, total - 1)] == base[here]), right, -2)
        if here.size:
            found.append((slice(stride - 1, None, 2 * stride), here, left, right))
        stride //= 2
    return found


def _layer(sums: tuple, levels: list, best: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Where the last cluster of every prefix begins, from the costs of one cluster fewer, and where it may at least."""
    total = len(least)
    begins = np.append(least, [total, 0])  # what the places beyond a list say: nothing
    spent = best - sums[2]  # a cluster's cost but for what is the same wherever it begins
    for rows, here, left, right in levels:
        low = np.maximum(begins.take(left), least[rows])
        high = np.minimum(begins.take(right), here - 1)
        begins[:total][rows] = low
        some = np.flatnonzero(high > low)
        if some.size:
            begins[here[some]] = _least(sums, spent, here[some], low[some], high[some])
    return begins[:total]


def _least(sums: tuple, spent: np.ndarray, here: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """For each prefix, where from ``low`` to ``high`` a last cluster begins at the least cost."""
    counts, first, _ = sums
    lengths = high - low + 1
    ends = np.cumsum(lengths)
    firsts = ends - lengths
    whose = np.repeat(np.arange(len(here)), lengths)
    begin = (low - firsts).take(whose)
    begin += np.arange(ends[-1])
    total = first.take(here).take(whose)
    total -= first.take(begin)
    total *= total
    size = counts.take(here).take(whose)
    size -= counts.take(begin)
    total /= size
    costs = spent.take(begin)
    costs -= total
    hits = np.flatnonzero(costs == np.minimum.reduceat(costs, firsts).take(whose))
    return begin[hits[np.searchsorted(hits, firsts)]]


def _costs(sums: tuple, best: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Costs of all prefixes whose last cluster begins there; infinite where it would be empty."""
    counts, first, second = sums
    total, size = first - first[begins], counts - counts[begins]
    alone = second - second[begins] - np.divide(total * total, size, out=np.zeros_like(total), where=size > 0)
    return np.where(size > 0, best[begins] + alone, np.inf)
