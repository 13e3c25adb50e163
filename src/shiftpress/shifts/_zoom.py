"""Zoom into the middle of an image, order 1, as published: crop, magnify with scipy, trim."""

from functools import lru_cache
from math import ceil

import numpy as np


def crop(side: int, factor: float) -> int:
    """Pixels of a side that remain in view."""
    return ceil(side / factor)


@lru_cache(maxsize=512)
def axis(side: int, factor: float) -> np.ndarray:
    """Weights (side, crop) that make one axis of the zoomed image of what remains in view."""
    from scipy import ndimage  # slow to import, and all plans of a study look at this module

    seen = ndimage.zoom(np.eye(crop(side, factor)), (factor, 1), order=1)
    top = (len(seen) - side) // 2
    return seen[top : top + side]


def whole_axis(side: int, factor: float) -> np.ndarray:
    """The same with columns for the whole side, (side, side)."""
    top = (side - crop(side, factor)) // 2
    found = np.zeros((side, side))
    found[:, top : top + crop(side, factor)] = axis(side, factor)
    return found
