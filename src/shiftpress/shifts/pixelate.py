"""Pixelation: fewer, larger pixels."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption

BITS = 22
"""Pillow's weights are multiples of 2^-22."""


class Pixelate(Corruption):
    """Down to c times the side and back up, by Pillow's box filter (Hendrycks and Dietterich 2019)."""

    title = "pixelation"
    fidelity = "exact"
    piece = 1 << 17
    table = {
        "cifar": (0.95, 0.9, 0.85, 0.75, 0.65),
        "imagenet": (0.6, 0.5, 0.4, 0.3, 0.25),
        "mnist": (0.75, 0.65, 0.55, 0.45, 0.35),
    }

    def corrupt(self, levels: Tensor, constants: float, draws: Draws) -> Tensor:
        height, width = (_boxes(side, int(side * constants), levels.device) for side in levels.shape[2:])
        # Pillow takes the rows first and rounds to 8 bits after each axis
        rows = (levels.double() @ width.T).add_(0.5).floor_()
        return (height @ rows).add_(0.5)


@lru_cache(maxsize=64)
def _boxes(side: int, smaller: int, device: torch.device) -> Tensor:
    """Weights (side, side) of one axis, down and up: equal for the pixels whose middle falls into the box."""
    scale = side / smaller
    weights = np.zeros((smaller, side))
    for place, middle in enumerate((np.arange(smaller) + 0.5) * scale):
        first, last = int(middle - scale / 2 + 0.5), min(int(middle + scale / 2 + 0.5), side)
        weights[place, first:last] = np.floor(0.5 + np.ldexp(1 / (last - first), BITS))
    # on the way up each pixel is one small one, so that rounding between the ways may wait
    nearest = ((np.arange(side) + 0.5) / scale).astype(int)
    return torch.from_numpy(np.ldexp(weights[nearest], -BITS)).to(device)
