"""Edges of an 8-bit picture and the distance to them, as OpenCV finds them."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

TAN = 13573
"""tan 22.5 degrees, times 2^15."""
DIAGONAL, KNIGHT = 1.4, 2.1969
"""Lengths of the steps (1, 1) and (2, 1)."""
FAR = 20


def edges(levels: Tensor, low: int, high: int) -> Tensor:
    """Canny's edges (N, H, W) bool of whole levels (N, H, W): Sobel of 3 x 3, sums of absolute slopes."""
    across, down = _slopes(levels)
    x, y = across.abs(), down.abs()
    strength = x + y
    wide = F.pad(strength, (1, 1, 1, 1))
    height, width = levels.shape[1:]

    def at(row: int, column: int) -> Tensor:
        return wide[:, 1 + row : 1 + row + height, 1 + column : 1 + column + width]

    flat, steep = (y << 15) < x * TAN, (y << 15) > x * TAN + (x << 16)
    horizontal = (strength > at(0, -1)) & (strength >= at(0, 1))
    vertical = (strength > at(-1, 0)) & (strength >= at(1, 0))
    falling = (strength > at(-1, -1)) & (strength > at(1, 1))
    rising = (strength > at(-1, 1)) & (strength > at(1, -1))
    slanted = torch.where((across ^ down) < 0, rising, falling)
    ridge = torch.where(flat, horizontal, torch.where(steep, vertical, slanted))
    weak, found = ridge & (strength > low), ridge & (strength > high)
    return _grown(found, weak)


def _slopes(levels: Tensor) -> tuple[Tensor, Tensor]:
    wide = F.pad(levels.float()[:, None], (1, 1, 1, 1), mode="replicate")[:, 0].int()
    rows = wide[:, :-2] + wide[:, 1:-1] * 2 + wide[:, 2:]
    columns = wide[:, :, :-2] + wide[:, :, 1:-1] * 2 + wide[:, :, 2:]
    return rows[:, :, 2:] - rows[:, :, :-2], columns[:, 2:] - columns[:, :-2]


def _grown(found: Tensor, weak: Tensor) -> Tensor:
    """Weak edges that touch, in steps, a strong one."""
    # bytes, and a frame of none around them: pooling takes ten times as long
    weak, wide = weak.byte(), F.pad(found.byte(), (1, 1, 1, 1))
    middle = wide[:, 1:-1, 1:-1]
    while True:
        rows = wide[:, :-2] | wide[:, 1:-1] | wide[:, 2:]
        near = (rows[:, :, :-2] | rows[:, :, 1:-1]).bitwise_or_(rows[:, :, 2:]).bitwise_and_(weak)
        if torch.equal(near, middle):
            return near.bool()
        middle.copy_(near)


def distance(zeros: Tensor) -> Tensor:
    """Length (N, H, W) float32 of the shortest way to a zero by steps (1, 0), (1, 1) and (2, 1), at most 20."""
    height, width = zeros.shape[1:]
    beside = torch.where(zeros, 0, FAR).int()
    step = 1
    while step < min(width, FAR):
        ahead, behind = beside[:, :, step:] + step, beside[:, :, :-step] + step
        torch.minimum(beside[:, :, :-step], ahead, out=beside[:, :, :-step])
        torch.minimum(beside[:, :, step:], behind, out=beside[:, :, step:])
        step *= 2
    ways, across = _ways(zeros.device), beside.flatten()
    best = ways[0].index_select(0, across).view_as(zeros)
    # row by row: what lies so many rows away is at least as far
    for rows in range(1, min(FAR, height)):
        if rows >= best.max():
            break
        there = ways[rows].index_select(0, across).view_as(zeros)
        torch.minimum(best[:, :-rows], there[:, rows:], out=best[:, :-rows])
        torch.minimum(best[:, rows:], there[:, :-rows], out=best[:, rows:])
    return best


@lru_cache(maxsize=4)
def _ways(device: torch.device) -> Tensor:
    """Length of the shortest way by (rows, columns), each up to 20, cut at 20: the largest of four linear forms."""
    steps = np.arange(FAR + 1)
    forms = [(1, KNIGHT - 2), (KNIGHT - DIAGONAL, 2 * DIAGONAL - KNIGHT)]
    lengths = [steps[:, None] * a + steps * b for form in forms for a, b in (form, form[::-1])]
    found = np.minimum(np.max(lengths, axis=0), FAR)
    # no zero within 20 columns: none in this row
    found[:, FAR] = FAR
    return torch.from_numpy(found.astype(np.float32)).to(device)
