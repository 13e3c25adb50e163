"""Snow: flakes on the wind."""

from functools import lru_cache

import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import Corruption
from shiftpress.shifts._exact import between, rounded
from shiftpress.shifts._motion import kernel, smear
from shiftpress.shifts._zoom import axis, crop


class Snow(Corruption):
    """Bright noise, zoomed, thresholded and smeared downwards, over a whitened image (Hendrycks and Dietterich 2019).

    Constants are (mean, deviation, zoom, threshold, radius, sigma, share of the image kept).
    """

    title = "snow"
    fidelity = "same operator, other random stream"
    table = {
        "cifar": (
            (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
            (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
            (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
            (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
            (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
        ),
        "imagenet": (
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
        "mnist": (
            (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
            (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
            (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
            (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
            (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
        ),
    }
    piece = 1 << 18

    def order(self, draws: Draws) -> Tensor:
        return draws.uniform().argsort()

    def corrupt(self, levels: Tensor, constants: tuple[float, ...], draws: Draws) -> Tensor:
        mean, deviation, zoom = constants[:3]
        noise = draws.normal(*(crop(side, zoom) for side in levels.shape[2:]), stream=1)
        return snowed(levels, noise.mul_(deviation).add_(mean), 90 * draws.uniform() - 135, constants)


def snowed(levels: Tensor, noise: Tensor, angles: Tensor, constants: tuple[float, ...]) -> Tensor:
    """Levels under flakes made of noise (N, h, w), the part in view, that fall at angles (N,) in degrees."""
    _, _, zoom, threshold, radius, sigma, kept = constants
    weights = kernel(radius, sigma)
    flakes = smear(_flakes(noise, levels.shape[2:], zoom, threshold), weights, angles)
    paler = _grey(levels).mul_(1.5).add_(127.5)
    white = torch.maximum(levels, paler).mul_(1 - kept).add_(levels * kept)
    return white.add_(flakes).add_(flakes.flip(2, 3))


def _flakes(noise: Tensor, sides: torch.Size, zoom: float, threshold: float) -> Tensor:
    """Levels (N, 1, H, W): the noise zoomed, what is dark taken out, in 8 bits."""
    if zoom != 1:
        height, width = (_axis(side, zoom, noise.device) for side in sides)
        noise = between(height, noise, width)
    bright = noise.clamp(0, 1).mul_(noise >= threshold)
    return bright.mul_(255).floor_()[:, None]


@lru_cache(maxsize=32)
def _axis(side: int, zoom: float, device: torch.device) -> Tensor:
    return torch.from_numpy(rounded(axis(side, zoom), 28)).to(device)


def _grey(levels: Tensor) -> Tensor:
    """Luma (N, 1, H, W) of colour; grey as it is."""
    if levels.shape[1] == 1:
        return levels.clone()
    return levels[:, :1] * 0.299 + levels[:, 1:2] * 0.587 + levels[:, 2:] * 0.114
