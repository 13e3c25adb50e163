"""Bilinear lookups at positions of one's own for each image."""

import torch
from torch import Tensor
from torch.nn import functional as F


def warped(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Images (N, C, H, W) float32 looked up at rows and columns (N, H, W) float64, as OpenCV does.

    What lies outside mirrors the image about its outermost pixels, which stand once. The four neighbours are weighted
    and added row by row, in float32.
    """
    height, width = images.shape[2:]
    top, left = rows.floor(), columns.floor()
    down, across = (place.sub(start).to(images.dtype).flatten(1) for place, start in ((rows, top), (columns, left)))
    top, left = top.float(), left.float()
    lines = [_folded(top + step, height).mul_(width) for step in (0, 1)]
    places = [_folded(left + step, width) for step in (0, 1)]
    flat, total = images.flatten(2), None
    for line, tall in zip(lines, (1 - down, down), strict=True):
        for place, wide in zip(places, (1 - across, across), strict=True):
            index = (line + place).flatten(1)[:, None].long().expand_as(flat)
            part = flat.gather(2, index).mul_((tall * wide)[:, None])
            total = part if total is None else total.add_(part)
    return total.view_as(images)


def _folded(place: Tensor, side: int) -> Tensor:
    """Whole positions anywhere -> positions inside, float32."""
    period = 2 * side - 2
    place = place - (place / period).floor_().mul_(period)
    return torch.minimum(place, period - place)


def displaced(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Images (N, C, H, W) float32 looked up at rows and columns (N, H, W) float64, as scipy does.

    What lies outside mirrors the image about its border. Sums are taken in float64 and rounded to float32, which gives
    the same numbers in whatever order they are taken.
    """
    height, width = images.shape[2:]
    # -1 is one border and 1 the other
    places = torch.stack([(columns * 2 + 1) / width - 1, (rows * 2 + 1) / height - 1], 3)
    return F.grid_sample(images.double(), places, "bilinear", "reflection", align_corners=False).float()
