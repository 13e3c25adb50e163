"""Bilinear lookups at positions of one's own for each image."""

from typing import Literal

import torch
from torch import Tensor

Edge = Literal["pixel", "border"]
"""Whether what lies outside mirrors the image about its outermost pixels, which stand once, or about its border."""


def bilinear(images: Tensor, rows: Tensor, columns: Tensor, edge: Edge) -> Tensor:
    """Images (N, C, H, W) looked up at rows and columns (N, H, W) float64, in the images' precision.

    The four neighbours are weighted and added row by row, as OpenCV and scipy do.
    """
    height, width = images.shape[2:]
    top, left = rows.floor(), columns.floor()
    down, across = (place.sub(start).to(images.dtype).flatten(1) for place, start in ((rows, top), (columns, left)))
    top, left = top.float(), left.float()
    lines = [_folded(top + step, height, edge).mul_(width) for step in (0, 1)]
    places = [_folded(left + step, width, edge) for step in (0, 1)]
    flat, total = images.flatten(2), None
    for line, tall in zip(lines, (1 - down, down), strict=True):
        for place, wide in zip(places, (1 - across, across), strict=True):
            index = (line + place).flatten(1)[:, None].long().expand_as(flat)
            part = flat.gather(2, index).mul_((tall * wide)[:, None])
            total = part if total is None else total.add_(part)
    return total.view_as(images)


def _folded(place: Tensor, side: int, edge: Edge) -> Tensor:
    """Whole positions anywhere -> positions inside, float32."""
    period, last = (2 * side - 2, 2 * side - 2) if edge == "pixel" else (2 * side, 2 * side - 1)
    place = place - (place / period).floor_().mul_(period)
    return torch.minimum(place, last - place).abs_()
