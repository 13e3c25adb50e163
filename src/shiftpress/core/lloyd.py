"""Lloyd's k-means on a line, from centres that are nearly right: for codebooks that follow what is being trained."""

import numpy as np

from shiftpress.core.codebooks import Codebook, Sorted, sort

MOST_PASSES = 100


def follow(numbers: np.ndarray, most: int, centres: np.ndarray | None = None) -> Codebook:
    """A codebook of at most ``most`` centres for float32 numbers (N,), each used.

    Every pass takes the means of the nearest numbers, in O(most log N), until none moves.
    """
    part = sort(numbers)
    size = len(part.numbers)
    if size <= most:
        return part.codebook(np.arange(size + 1))
    if centres is None or len(centres) != most:
        bounds = _spread(part, most)
    else:
        bounds = _nearest(part, centres.astype(np.float64))
    for _ in range(MOST_PASSES):
        bounds = _filled(part, bounds)
        means = np.diff(part.first[bounds]) / np.diff(part.counts[bounds]) + part.mean
        moved = _nearest(part, means)
        if (moved == bounds).all():
            break
        bounds = moved
    return part.codebook(_filled(part, bounds))


def _spread(part: Sorted, most: int) -> np.ndarray:
    """Bounds of clusters to begin with: centres as dense as the cube root of the numbers' density (Panter, Dite 1951).

    Where gaps are wide by a factor, numbers are rare by it.
    """
    along = np.concatenate([[0.0], np.cumsum(np.diff(part.numbers.astype(np.float64)) ** (2 / 3))])
    return np.concatenate([[0], np.searchsorted(along, along[-1] * np.arange(1, most) / most), [len(along)]])


def _nearest(part: Sorted, centres: np.ndarray) -> np.ndarray:
    """Bounds of the numbers that are nearest to each centre; clusters may be empty."""
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[0], np.searchsorted(part.numbers, middles), [len(part.numbers)]])


def _filled(part: Sorted, bounds: np.ndarray) -> np.ndarray:
    """Bounds of as many clusters, none of them empty: those with the largest error are cut in two instead."""
    clusters = len(bounds) - 1
    found = np.unique(bounds)
    while len(found) <= clusters:
        sums, sizes = np.diff(part.first[found]), np.diff(part.counts[found])
        errors = np.diff(part.second[found]) - sums * sums / sizes
        errors[np.diff(found) < 2] = -1.0
        worst = int(errors.argmax())
        cut = np.searchsorted(part.numbers, sums[worst] / sizes[worst] + part.mean, "right")
        cut = min(max(int(cut), found[worst] + 1), found[worst + 1] - 1)
        found = np.insert(found, worst + 1, cut)
    return found
