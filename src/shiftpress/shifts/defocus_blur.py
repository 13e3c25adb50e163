"""Defocus blur: every point becomes a disk."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption

TILE = 8
"""Side of the block of pixels that one matrix product makes from the block around it."""


class DefocusBlur(Corruption):
    """A disk of the given radius, itself smoothed a little (Hendrycks and Dietterich 2019): (radius, smoothing)."""

    title = "defocus blur"
    fidelity = "exact"
    table = {
        "cifar": ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)),
        "imagenet": ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)),
        "mnist": ((0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1), (2, 0.5)),
    }

    def corrupt(self, levels: Tensor, constants: tuple[float, float], draws: Draws) -> Tensor:
        weights, reach = _operator(*constants, levels.device)
        count, channels, height, width = levels.shape
        down, across = -(-height // TILE), -(-width // TILE)
        spare = (0, across * TILE - width, 0, down * TILE - height)
        wide = F.pad(F.pad(levels, (reach,) * 4, mode="reflect"), spare).double()
        side = TILE + 2 * reach
        around = wide.unfold(2, side, TILE).unfold(3, side, TILE).reshape(-1, side * side)
        done = (around @ weights).view(count * channels, down, across, TILE, TILE).transpose(2, 3)
        return done.reshape(count, channels, down * TILE, across * TILE)[..., :height, :width]


def disk(radius: float, smoothing: float) -> np.ndarray:
    """The published kernel: pixels within the radius, smoothed by 3 x 3 or 5 x 5 pixels, edges mirrored, in float32."""
    reach, near = (8, 1) if radius <= 8 else (radius, 2)
    steps = np.arange(-reach, reach + 1)
    inside = (steps[:, None] ** 2 + steps**2 <= radius**2).astype(np.float32)
    line = np.exp(-(np.arange(-near, near + 1) ** 2) / (2 * smoothing**2))
    line = (line / line.sum()).astype(np.float32)
    rows = np.apply_along_axis(_smoothed, 1, inside / inside.sum(), line)
    return np.apply_along_axis(_smoothed, 0, rows, line)


def _smoothed(values: np.ndarray, line: np.ndarray) -> np.ndarray:
    near = len(line) // 2
    wide = np.pad(values, near, mode="reflect")
    total = wide[near : near + len(values)] * line[near]
    for far in range(1, near + 1):
        pair = wide[near - far : near - far + len(values)] + wide[near + far : near + far + len(values)]
        total = total + pair * line[near + far]
    return total.astype(np.float32)


@lru_cache(maxsize=16)
def _operator(radius: float, smoothing: float, device: torch.device) -> tuple[Tensor, int]:
    """Matrix from a block and its surroundings to the block, and how far the surroundings reach."""
    # weights below 2^-44 move no level; without them every sum is exact
    kernel = np.ldexp(np.rint(np.ldexp(disk(radius, smoothing).astype(np.float64), 44)), -44)
    reach = int(np.abs(np.argwhere(kernel) - len(kernel) // 2).max())
    middle = len(kernel) // 2
    kernel = kernel[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
    side = TILE + 2 * reach
    matrix = np.zeros((side, side, TILE, TILE))
    for row in range(TILE):
        for column in range(TILE):
            matrix[row : row + len(kernel), column : column + len(kernel), row, column] = kernel
    return torch.from_numpy(matrix.reshape(side * side, TILE * TILE)).to(device), reach
