"""Gaussian smoothing as scipy and scikit-image do it."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from shiftpress.shifts._border import extended
from shiftpress.shifts._exact import between, rounded


def blur(values: Tensor, sigma: float) -> Tensor:
    """Smoothed float64 values (N, C, H, W): edges repeated, kernel cut at 4 deviations.

    The sums are taken in the published order, so that every bit agrees.
    """
    weights = _half_kernel(sigma)
    if len(weights) == 1:
        return values
    return _along(_along(values, weights, 2), weights, 3)


def _half_kernel(sigma: float) -> list[float]:
    """Weights at distances 0, 1, ..."""
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 / (sigma * sigma) * np.arange(-reach, reach + 1) ** 2)
    return (kernel / kernel.sum())[reach:].tolist()


def _along(values: Tensor, weights: list[float], axis: int) -> Tensor:
    reach, side = len(weights) - 1, values.shape[axis]
    room = [(reach, reach) if axis == number else (0, 0) for number in (2, 3)]
    wide = extended(values, *room, values.dtype)
    total = wide.narrow(axis, reach, side) * weights[0]
    pair = torch.empty_like(total)
    # from the outside in, both sides of a distance together: the order of scipy's loop
    for far in range(reach, 0, -1):
        torch.add(wide.narrow(axis, reach - far, side), wide.narrow(axis, reach + far, side), out=pair)
        total += pair.mul_(weights[far])
    return total


def smooth(field: Tensor, sigma: float, mode: str = "nearest", truncate: float = 4.0) -> Tensor:
    """Smoothed random field (N, H, W) of values below 8, float64, the same in every batch."""
    height, width = (_matrix(side, sigma, mode, truncate, field.device) for side in field.shape[1:])
    return between(height, field, width)


@lru_cache(maxsize=64)
def _matrix(side: int, sigma: float, mode: str, truncate: float, device: torch.device) -> Tensor:
    """The filter along one axis, (side, side)."""
    from scipy import ndimage  # slow to import, and all plans of a study look at this module

    rows = (
        ndimage.gaussian_filter1d(np.eye(side), sigma, axis=0, mode=mode, truncate=truncate) if sigma else np.eye(side)
    )
    return torch.from_numpy(rounded(rows, 28)).to(device)
