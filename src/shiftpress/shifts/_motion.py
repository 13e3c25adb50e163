"""Motion blur along a straight line, one direction per image."""

import numpy as np
import torch
from torch import Tensor

from shiftpress.shifts._border import extended

BITS = 23
"""Weights are multiples of 2^-23: 8-bit levels times weights fill 31 bits, and 32-bit integers add in any order."""
HALF = (1 << BITS) // 514
"""The published blur works on 16 bits, 257 per level, and rounds there before it drops the lower 8."""


def kernel(radius: int, sigma: float) -> list[int]:
    """Weights of the steps along the line, nearest first, in units of 2^-23; what never weighs anything is left out."""
    line = np.exp(-(np.arange(2 * radius + 1) ** 2) / (2 * sigma**2))
    whole = np.rint(np.ldexp(line / line.sum(), BITS)).astype(int)
    whole[0] += (1 << BITS) - whole.sum()
    return whole[whole > 0].tolist()


def _offsets(angles: Tensor, count: int) -> np.ndarray:
    """Where each step looks, (N, count, 2) rows and columns, for angles (N,) in degrees."""
    turn = np.deg2rad(angles.double().cpu().numpy())[:, None]
    steps = np.arange(count)
    return np.stack([np.ceil(steps * np.sin(turn) - 0.5), np.ceil(steps * np.cos(turn) - 0.5)], 2).astype(int)


def smear(levels: Tensor, weights: list[int], angles: Tensor) -> Tensor:
    """Whole levels (N, C, H, W), each smeared along a line at its own angle (N,) in degrees and rounded down.

    Edges repeat. Neighbours that look at the same pixel in a step take it together: sorted by angle, they often do.
    """
    looks = _offsets(angles, len(weights))
    count, channels, height, width = levels.shape
    (above, left), (below, right) = (np.maximum(far, 0).tolist() for far in (-looks.min((0, 1)), looks.max((0, 1))))
    wide = extended(levels, (above, below), (left, right), torch.int32)
    span = wide.shape[3]
    total = torch.zeros(count, channels, height * span, dtype=torch.int32, device=levels.device)
    # rows stand end to end, so that a step in the plane is a step in memory; the seam falls outside the image
    reach = (height - 1) * span + width
    source, target = wide.flatten(2), total[..., :reach]
    starts = (above + looks[..., 0]) * span + left + looks[..., 1]
    for number, weight in enumerate(weights):
        ends = np.flatnonzero(np.diff(starts[:, number], append=-1)) + 1
        first = 0
        for last, start in zip(ends.tolist(), starts[ends - 1, number].tolist(), strict=True):
            target[first:last].add_(source[first:last, :, start : start + reach], alpha=weight)
            first = last
    return total.add_(HALF).bitwise_right_shift_(BITS).view(count, channels, height, span)[..., :width].to(levels.dtype)
