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
    owner = np.repeat(np.arange(len(parts)), lengths)
    base = starts[owner]  # the empty prefix of each prefix's list
    sums = tuple(np.concatenate([getattr(part, name) for part in parts]) for name in ("counts", "first", "second"))
    places = np.arange(len(owner))
    best, start = np.where(places > base, _cost(sums, base, np.maximum(places, base + 1)), np.inf), base
    tables = [base.astype(np.int32)]
    for number in range(2, clusters + 1):
        best, start = _layer(sums, owner, base, best, start, number)
        tables.append(start.astype(np.int32))
    found = []
    for first, length in zip(starts[:-1], lengths, strict=True):
        trail = [first + length - 1]
        for table in reversed(tables):
            trail.append(int(table[trail[-1]]))
        found.append(np.array(trail[::-1]) - first)
    return found


def _layer(
    sums: tuple, owner: np.ndarray, base: np.ndarray, best: np.ndarray, start: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """Costs and starts of the last of ``number`` clusters of every prefix, from those of one cluster fewer."""
    places, total = np.arange(len(owner)), len(owner)
    lowest = base + number - 1
    found, begins = np.full(total, np.inf), lowest.copy()
    stride = 1 << (total - 1).bit_length()
    while stride:
        here = places[stride - 1 :: 2 * stride]
        here = here[here > lowest[here]]
        if here.size:
            left, right = np.maximum(here - stride, 0), np.minimum(here + stride, total - 1)
            low = np.maximum(np.where(owner[left] == owner[here], begins[left], 0), lowest[here])
            low = np.maximum(low, start[here])
            inside = (owner[right] == owner[here]) & (here + stride < total)
            high = np.maximum(np.where(inside, np.minimum(begins[right], here - 1), here - 1), low)
            found[here], begins[here] = _least(sums, best, here, low, high)
        stride //= 2
    return found, begins


def _least(
    sums: tuple, best: np.ndarray, here: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each prefix, the least cost of a last cluster that begins from ``low`` to ``high``, and where."""
    lengths = high - low + 1
    ends = np.cumsum(lengths)
    firsts = ends - lengths
    begin = np.arange(ends[-1]) + np.repeat(low - firsts, lengths)
    costs = best[begin] + _cost(sums, begin, np.repeat(here, lengths))
    least = np.minimum.reduceat(costs, firsts)
    hits = np.flatnonzero(costs == np.repeat(least, lengths))
    return least, begin[hits[np.searchsorted(hits, firsts)]]


def _cost(sums: tuple, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Squared error of the clusters from ``begin`` to before ``end``."""
    counts, first, second = sums
    total = first[end] - first[begin]
    return second[end] - second[begin] - total * total / (counts[end] - counts[begin])
