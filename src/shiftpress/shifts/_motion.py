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


def offsets(angles: Tensor, count: int) -> np.ndarray:
    """Where each step looks, (N, count, 2) rows and columns, for angles (N,) in degrees."""
    turn = np.deg2rad(angles.double().cpu().numpy())[:, None]
    steps = np.arange(count)
    return np.stack([np.ceil(steps * np.sin(turn) - 0.5), np.ceil(steps * np.cos(turn) - 0.5)], 2).astype(int)


def smear(levels: Tensor, weights: list[int], looks: np.ndarray) -> Tensor:
    """Whole levels (N, C, H, W), each image smeared along its own line, rounded down to whole levels; edges repeat.

    Images whose lines take the same pixels are done together.
    """
    height, width = levels.shape[2:]
    lines, group, sizes = np.unique(looks.reshape(len(looks), -1), axis=0, return_inverse=True, return_counts=True)
    order = torch.from_numpy(np.argsort(group.ravel(), kind="stable")).to(levels.device)
    (above, left), (below, right) = (-looks.min((0, 1))).tolist(), looks.max((0, 1)).tolist()
    above, left, below, right = (max(0, room) for room in (above, left, below, right))
    wide = extended(levels.index_select(0, order), (above, below), (left, right), torch.int32)
    span = wide.shape[3]
    total = torch.zeros(*levels.shape[:2], height * span, dtype=torch.int32, device=levels.device)
    # rows stand end to end, so that a step in the plane is a step in memory; the seam falls outside the image
    reach = (height - 1) * span + width
    images = zip(wide.flatten(2).split(sizes.tolist()), total[..., :reach].split(sizes.tolist()), lines, strict=True)
    for source, target, line in images:
        for (down, across), weight in zip(line.reshape(-1, 2).tolist(), weights, strict=True):
            start = (above + down) * span + left + across
            target.add_(source[..., start : start + reach], alpha=weight)
    seen = total.add_(HALF).bitwise_right_shift_(BITS).view(*levels.shape[:3], span)[..., :width]
    done = torch.empty_like(levels)
    done[order] = seen.to(levels.dtype)
    return done
