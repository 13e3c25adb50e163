"""Frost: ice on the lens."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import LARGE, Corruption
from shiftpress.shifts._ice import TEXTURES, textures


class Frost(Corruption):
    """a x + b ice (Hendrycks and Dietterich 2019): (a, b). The ice is a random part of one of five textures.

    The published ones are photographs; ours are made, with the means and deviations of colour that parts of them have.
    ``bench/frost.py`` measures the difference.
    """

    title = "frost"
    piece = 1 << 18
    fidelity = "approximated: made textures for photographs; images move as far, to 0.5 % in mean and variance"
    monotone = "the constants for CIFAR darken the image from severity 3 on, and the ice lightens it"
    table = {
        "cifar": ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)),
        "imagenet": ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)),
        "mnist": ((1, 0.15), (1, 0.2), (1, 0.3), (1, 0.4), (1, 0.5)),
    }

    def corrupt(self, levels: Tensor, constants: tuple[float, float], draws: Draws) -> Tensor:
        return frosted(levels, ice(levels.shape, draws), *constants)


def frosted(levels: Tensor, frost: Tensor, image: float, cover: float) -> Tensor:
    """A share of the levels and a share of the ice (N, C, H, W)."""
    return levels.double().mul_(image).add_(frost.double().mul_(cover))


def ice(shape: torch.Size, draws: Draws) -> Tensor:
    """A part of a texture for each image, of the images' shape; textures wrap around."""
    _, channels, height, width = shape
    picks = draws.integers(3)
    table = _flat(max(height, width) >= LARGE, channels == 1, picks.device)
    side = int((table.shape[1]) ** 0.5)
    which, top, left = (picks[:, number, None, None] for number in range(3))
    rows = ((top * side >> 16) + torch.arange(height, device=picks.device)[:, None]) % side
    columns = ((left * side >> 16) + torch.arange(width, device=picks.device)) % side
    place = rows.mul_(side).add(columns)[:, None]
    band = (which * TEXTURES >> 16)[..., None] * channels + torch.arange(channels, device=picks.device).view(-1, 1, 1)
    return table.take(place + band * side * side)


@lru_cache(maxsize=4)
def _flat(large: bool, grey: bool, device: torch.device) -> Tensor:
    """All textures, (textures * channels, side * side) float32."""
    made = textures(large).astype(np.float32)
    if grey:
        made = made[:, :1] * np.float32(0.299) + made[:, 1:2] * np.float32(0.587) + made[:, 2:] * np.float32(0.114)
    return torch.from_numpy(made.reshape(-1, made.shape[2] ** 2)).to(device)
