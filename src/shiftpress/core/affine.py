"""Affine maps of the image plane: group actions, as a shift and inside training."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Interpolation = Literal["nearest", "bilinear"]


def warp(images: Tensor, matrices: Tensor, interpolation: Interpolation) -> Tensor:
    """Images (N, C, H, W) looked up through matrices (N, 2, 3) or (1, 2, 3) that map target to source positions.

    Positions run from -1 to 1 along each axis, y downwards. What comes in from outside is zero.
    """
    # where all images go the same way, the way is worked out once
    grid = _grid(matrices, *images.shape[2:]).expand(len(images), -1, -1, -1)
    if interpolation == "nearest" and images.requires_grad and images.device.type != "cpu":
        return looked_up(images, grid).clamp(0, 1)
    return _sampled(images, grid, interpolation).clamp(0, 1)


def _grid(matrices: Tensor, height: int, width: int) -> Tensor:
    """Where matrices (N, 2, 3) lead from the middle of every pixel, (N, H, W, 2).

    What a column adds and what a row adds are worked out for one of each: thirty times as fast as a product of matrices
    for every pixel (measured), with the same sums.
    """
    across, down = (torch.linspace(-1, 1, side).to(matrices) * ((side - 1) / side) for side in (width, height))
    by_column, by_row, fixed = matrices.unsqueeze(-1).unbind(2)
    found = (by_column * across).unsqueeze(2) + (by_row * down).unsqueeze(3)
    return found.add_(fixed.unsqueeze(-1)).permute(0, 2, 3, 1)


def looked_up(images: Tensor, grid: Tensor) -> Tensor:
    """Nearest pixels of images (N, C, H, W) at a grid (N, P, Q, 2), zeros outside, with a gradient that repeats.

    The gradient of torch's own sampling is added up in any order on a GPU, which deterministic jobs refuse.
    """
    count, channels, height, width = images.shape
    numbers = torch.arange(1, height * width + 1, device=images.device, dtype=torch.float32)
    places = _sampled(numbers.view(1, 1, height, width).expand(count, 1, height, width), grid, "nearest").long()
    padded = F.pad(images.flatten(2), (1, 0))  # what is outside is looked up at 0
    found = padded.gather(2, places.flatten(2).expand(-1, channels, -1))
    return found.view(count, channels, *grid.shape[1:3])


def _sampled(images: Tensor, grid: Tensor, interpolation: Interpolation) -> Tensor:
    return F.grid_sample(images, grid, mode=interpolation, padding_mode="zeros", align_corners=False)


def rows(*entries: float | Tensor, like: Tensor) -> Tensor:
    """Matrices (N, 2, 3) from six entries, each a number or one per image (N,); (1, 2, 3) from numbers alone."""
    columns = [torch.as_tensor(entry, dtype=like.dtype, device=like.device).view(-1) for entry in entries]
    return torch.stack(torch.broadcast_tensors(*columns), dim=1).view(-1, 2, 3)


def rotation(degrees: Tensor, like: Tensor) -> Tensor:
    """Matrices (N, 2, 3) that turn images counter-clockwise by one angle for each, or (1, 2, 3) by one for all."""
    radians = torch.deg2rad(degrees.double())
    cos, sin = radians.cos(), radians.sin()
    # the y axis points down, and the matrix maps target to source
    return rows(cos, -sin, 0, sin, cos, 0, like=like)
