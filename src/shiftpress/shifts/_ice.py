"""Textures of ice, in place of the photographs of the published frost."""

from functools import lru_cache

import numpy as np
import torch

from shiftpress.core.draws import Draws

# Means and deviations of red, green and blue of the five photographs, at a fifth of their size, in random parts of
# 32 x 32: the middle of a photograph lies in more of them than its rim. The third is a copy of the second in the
# published set, so that one kind of ice comes twice as often.
LOOKS = (
    ((76.7, 148.1, 164.7), (27.6, 16.3, 14.8)),
    ((198.5, 202.9, 212.2), (19.7, 20.4, 21.2)),
    ((198.5, 202.9, 212.2), (19.7, 20.4, 21.2)),
    ((143.5, 158.3, 171.1), (27.8, 27.8, 29.0)),
    ((102.7, 114.1, 125.9), (39.0, 38.4, 37.3)),
)
TEXTURES = len(LOOKS)
SHARES = (0.40, 0.13, 0.09, 0.09, 0.12, 0.17)
"""Share of the variance at each scale, each twice as coarse as the one before; as in the photographs."""
SEED = 1906


@lru_cache(maxsize=2)
def textures(large: bool) -> np.ndarray:
    """Five wrapping textures (5, 3, S, S) uint8: 256 a side, or twice as large and as coarse for large images."""
    finest, side = (2, 512) if large else (1, 256)
    grains = Draws(SEED, torch.arange(TEXTURES))
    field = np.zeros((TEXTURES, side, side))
    for number, share in enumerate(SHARES):
        spacing = finest << number
        points = grains.normal(side // spacing, side // spacing, stream=number).double().numpy()
        layer = _between(_between(np.rint(points * 4096) / 4096, spacing, 1), spacing, 2)
        # coarse scales are folded into ridges, like needles of ice
        field += _even(-np.abs(layer) if number > 1 else layer) * share**0.5
    field = _even(field)[:, None]
    means, deviations = (np.array([look[part] for look in LOOKS])[..., None, None] for part in (0, 1))
    return np.clip(np.rint(means + deviations * field), 0, 255).astype(np.uint8)


def _between(points: np.ndarray, spacing: int, axis: int) -> np.ndarray:
    """Lines between neighbours along an axis; the last neighbour is the first."""
    after = np.roll(points, -1, axis)
    steps = [points + (after - points) * (step / spacing) for step in range(spacing)]
    shape = [*points.shape]
    shape[axis] *= spacing
    return np.stack(steps, axis + 1).reshape(shape)


def _even(field: np.ndarray) -> np.ndarray:
    """Mean 0 and deviation 1 for each texture, in steps of 2^-12 so that sums are exact and every machine agrees."""
    field = np.rint(field * 4096) / 4096
    field = field - np.rint(field.mean((1, 2), keepdims=True) * 4096) / 4096
    return field / np.sqrt((field**2).mean((1, 2), keepdims=True))
