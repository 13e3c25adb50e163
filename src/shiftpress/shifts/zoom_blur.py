"""Zoom blur: the camera moved towards the scene."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from shiftpress.core.draws import Draws
from shiftpress.shifts._corruption import LARGE, Corruption
from shiftpress.shifts._exact import rounded, sandwich, settle
from shiftpress.shifts._zoom import whole_axis

TILE = 8
"""Side of the block of pixels that one matrix product makes."""


class ZoomBlur(Corruption):
    """The mean of the image and of its zooms by 1, 1 + step, ... (Hendrycks and Dietterich 2019): (end, step)."""

    title = "zoom blur"
    fidelity = "exact but for rounding: at most 1 value in 10,000 differs, by one level"
    table = {
        "cifar": ((1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)),
        "imagenet": ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)),
        "mnist": ((1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)),
    }

    def corrupt(self, levels: Tensor, constants: tuple[float, float], draws: Draws) -> Tensor:
        factors = tuple(np.arange(1, *constants).tolist())
        mean = small if max(levels.shape[2:]) < LARGE else large
        return settle(mean(levels, factors), _falls(len(factors), levels.device))


def small(levels: Tensor, factors: tuple[float, ...]) -> Tensor:
    """Mean of an image and its zooms, by one matrix for each block of 8 x 8 pixels."""
    weights, sources, places = _blocks(*levels.shape[2:], factors, levels.device)
    pixels = levels.flatten(0, 1).flatten(1).double().T.contiguous()
    around = pixels.index_select(0, sources).view(*weights.shape[::2], -1)
    done = torch.bmm(weights, around).flatten(0, 1).index_select(0, places)
    return done.T.contiguous().view_as(levels)


def large(levels: Tensor, factors: tuple[float, ...]) -> Tensor:
    """The same, zoom by zoom: the matrices of blocks would be too many."""
    total = levels.double()
    for factor in factors:
        height, width = (_side(side, factor, levels.device) for side in levels.shape[2:])
        total = total + sandwich(height, levels, width)
    return total / (len(factors) + 1)


@lru_cache(maxsize=128)
def _side(side: int, factor: float, device: torch.device) -> Tensor:
    return torch.from_numpy(rounded(whole_axis(side, factor), 20)).to(device)


@lru_cache(maxsize=16)
def _blocks(height: int, width: int, factors: tuple[float, ...], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Weights (blocks, 64, around), the pixels around each block, and where each pixel of the image is among blocks."""
    rows, columns = (np.stack([np.eye(side), *(whole_axis(side, z) for z in factors)]) for side in (height, width))
    (tops, upper, tall), (lefts, outer, wide) = _windows(rows), _windows(columns)
    weights, sources = [], []
    places = np.zeros((height, width), dtype=np.int64)
    for top, first in zip(tops, upper, strict=True):
        for left, start in zip(lefts, outer, strict=True):
            within = np.arange(TILE * TILE).reshape(TILE, TILE) + len(weights) * TILE * TILE
            places[top : top + TILE, left : left + TILE] = within
            a, b = rows[:, top : top + TILE, first : first + tall], columns[:, left : left + TILE, start : start + wide]
            weights.append(np.einsum("zik,zjl->ijkl", a, b).reshape(TILE * TILE, tall * wide) / len(rows))
            sources.append(np.add.outer(np.arange(first, first + tall) * width, np.arange(start, start + wide)).ravel())
    found = rounded(np.stack(weights), 44), np.concatenate(sources), places.ravel()
    blocks, around, index = (torch.from_numpy(array).to(device) for array in found)
    return blocks, around, index


def _windows(axes: np.ndarray) -> tuple[list[int], list[int], int]:
    """Where blocks start along an axis, where what they are made of starts, and how much of it there is."""
    side = axes.shape[1]
    starts = [*range(0, side - TILE, TILE), side - TILE]
    used = [np.flatnonzero(axes[:, start : start + TILE].any((0, 1))) for start in starts]
    extent = int(max(places[-1] - places[0] + 1 for places in used))
    return starts, [min(int(places[0]), side - extent) for places in used], extent


@lru_cache(maxsize=16)
def _falls(count: int, device: torch.device) -> Tensor:
    """Which levels of a flat area the published float32 sum lowers by one, (256,) of 0 and 1."""
    flat = (np.arange(256) / 255).astype(np.float32)
    total = np.zeros_like(flat)
    for _ in range(count):
        total += flat
    level = np.trunc(np.clip((flat + total) / np.float32(count + 1), 0, 1) * np.float32(255))
    return torch.from_numpy(np.arange(256) - level).double().to(device)
