"""Sensitivity to noise of one frequency (Yin et al. 2019, arXiv 1906.08988): a map of errors, and means over rings."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from shiftpress.core.draws import Draws
from shiftpress.evaluation.cells import CHUNK

NORM = 4.0
"""Length of the noise in each channel that the papers use on 32x32 images."""
RINGS = {"low": 4.0, "mid": 10.0, "high": math.inf}
"""Largest radius of each ring, in cycles per image."""


@dataclass(frozen=True)
class HeatMap:
    """Share of images whose class is wrong, (rows, columns), and the frequencies they stand for, in cycles per image.

    Zero is in the middle, and opposite frequencies are the same noise.
    """

    errors: Tensor
    rows: list[int]
    columns: list[int]

    def rings(self) -> dict[str, float]:
        """Mean error over the frequencies of each ring; rings without any are left out."""
        radius = torch.tensor([[math.hypot(i, j) for j in self.columns] for i in self.rows])
        found, inner = {}, -1.0
        for name, outer in RINGS.items():
            inside = (radius > inner) & (radius <= outer)
            if inside.any():
                found[name] = float(self.errors[inside].mean())
            inner = outer
        return found


def wave(i: int, j: int, height: int, width: int) -> Tensor:
    """The real wave of i cycles down and j across, (height, width) float32 of length 1: its spectrum is one pair."""
    i, j = max((i, j), (-i, -j))  # of the two names of this wave, so that both round alike
    down = torch.arange(height, dtype=torch.float64)[:, None] * i / height
    across = torch.arange(width, dtype=torch.float64)[None] * j / width
    pattern = torch.cos(2 * math.pi * ((down + across) % 1))
    return (pattern / pattern.norm()).float()


@torch.no_grad()
def heat_map(
    net: nn.Module, images: Tensor, labels: Tensor, ids: Tensor, seed: int, *, norm: float = NORM, step: int = 1
) -> HeatMap:
    """Error under noise of every frequency, added with a random sign per image and channel and clamped to [0, 1].

    Images (N, C, H, W); every ``step``-th frequency up to half a cycle per pixel is tried, so that the work is about
    N H W / (2 step^2) images. Signs belong to (seed, id, frequency): neither the batch nor the step moves them.
    """
    height, width = images.shape[2:]
    rows, columns = _frequencies(height, step), _frequencies(width, step)
    net = net.eval().to(memory_format=torch.channels_last)
    draws = Draws(seed, ids)
    errors = torch.zeros(len(rows), len(columns), dtype=torch.float64)
    for a, i in enumerate(rows):
        for b, j in enumerate(columns):
            if (i, j) >= (0, 0):  # one half of the plane; the other is the same noise
                signs = draws.integers(images.shape[1], stream=(i % height) * width + j % width) % 2 * 2 - 1
                noise = norm * wave(i, j, height, width).to(images.device)
                errors[a, b] = errors[-1 - a, -1 - b] = _error(net, images, labels, signs, noise)
    return HeatMap(errors, rows, columns)


def _frequencies(side: int, step: int) -> list[int]:
    most = (side - 1) // 2 // step
    return [step * k for k in range(-most, most + 1)]


def _error(net: nn.Module, images: Tensor, labels: Tensor, signs: Tensor, noise: Tensor) -> float:
    wrong = 0
    for chunk, truth, sign in zip(images.split(CHUNK), labels.split(CHUNK), signs.split(CHUNK), strict=True):
        noisy = (chunk + sign[:, :, None, None] * noise).clamp(0, 1)
        wrong += int((net(noisy).argmax(1) != truth).sum())
    return wrong / len(labels)
