"""What a shift does to the images themselves."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from shiftpress.core.records import Record
from shiftpress.core.splits import Split
from shiftpress.core.tensors import State
from shiftpress.evaluation.cells import Cell, record

WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2


def score_shift(test: Split, cells: Iterable[tuple[Cell, Tensor]], **shared: Any) -> Iterator[Record]:
    """How far the shifted images are from the test images they were made of; cells come with the ids of their images.

    A shift that takes other images has no distance from these, and gives no record.
    """
    shared = {"phase": "shifts", "model": "images", "seed": 0, **shared}
    for cell, ids in cells:
        if torch.equal(ids, test.ids):
            for metric, value in _measure(test.pixels, cell.images).items():
                yield record(cell, metric, value, **shared)


def _measure(clean: Tensor, shifted: Tensor) -> dict[str, float]:
    return {
        "energy_se": float(shifted.double().square().flatten(1).sum(1).mean()),
        "displacement_se": float((shifted - clean).double().square().flatten(1).sum(1).mean()),
        "ssim": float(ssim(clean, shifted).mean()),
        "log_spectrum_db": float(log_spectrum_difference(clean, shifted).mean()),
    }


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity (Wang et al. 2004) of images (N, C, H, W) in [0, 1], (N,): mean over the inner window.

    Gaussian window of 11 pixels, deviation 1.5, each channel on its own.
    """
    offsets = torch.arange(WINDOW, device=a.device) - WINDOW // 2
    line = torch.exp(-offsets.square() / (2 * SIGMA**2))
    line = line / line.sum()

    def smooth(x: Tensor) -> Tensor:
        x = F.conv2d(x.flatten(0, 1)[:, None], line.view(1, 1, 1, -1))
        return F.conv2d(x, line.view(1, 1, -1, 1))

    mean_a, mean_b = smooth(a), smooth(b)
    var_a, var_b = smooth(a * a) - mean_a**2, smooth(b * b) - mean_b**2
    cov = smooth(a * b) - mean_a * mean_b
    quality = (2 * mean_a * mean_b + C1) * (2 * cov + C2)
    quality = quality / ((mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2))
    return quality.view(len(a), -1).mean(1)


def log_spectrum_difference(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference of log amplitudes over all frequencies but zero, in decibels, (N,)."""
    spectra = [torch.fft.rfft2(x - x.mean((2, 3), keepdim=True)).abs() for x in (a, b)]
    amplitudes = [20 * (spectrum + 1e-3).log10() for spectrum in spectra]
    return (amplitudes[0] - amplitudes[1]).abs().flatten(1).mean(1)


def sheet(cells: Iterable[Cell]) -> State:
    """The first image of every cell, uint8 (C, H, W), as ``<severity>``: one row of the contact sheet."""
    return {f"{cell.severity:g}": (cell.images[0] * 255).round().to(torch.uint8) for cell in cells}
